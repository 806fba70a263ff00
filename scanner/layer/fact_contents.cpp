// Facts that a file's first bytes tell: dumps by their magic numbers, what scripts
// install when they start, and which protections an executable was linked without.
#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <cstdint>
#include <span>

#include "scanner/layer/fact_spotter.hpp"

namespace stratascan::layer {

namespace {

using namespace std::string_view_literals;

struct Magic {
    std::string_view bytes;
    FactKind kind;
    std::string_view detail;
};

constexpr std::array<Magic, 11> magics = {{
    {"JAVA PROFILE 1."sv, FactKind::heap_dump, "Java"},
    {"\xd4\xc3\xb2\xa1"sv, FactKind::packet_capture, "pcap"},
    {"\xa1\xb2\xc3\xd4"sv, FactKind::packet_capture, "pcap"},
    {"\x4d\x3c\xb2\xa1"sv, FactKind::packet_capture, "pcap"},
    {"\xa1\xb2\x3c\x4d"sv, FactKind::packet_capture, "pcap"},
    {"PGDMP"sv, FactKind::database_dump, "pg_dump"},
    {"--\n-- PostgreSQL database "sv, FactKind::database_dump, "pg_dump"},
    {"-- MySQL dump "sv, FactKind::database_dump, "mysqldump"},
    {"-- MariaDB dump "sv, FactKind::database_dump, "mariadb-dump"},
    {"/*!999999\\- enable the sandbox mode */"sv, FactKind::database_dump, "mariadb-dump"},
    {"REDIS00"sv, FactKind::database_dump, "Redis"},
}};

// What a script says when it fetches software. A word in front of the rest, so that
// one look for each finds the place.
struct Install {
    std::string_view tool;
    std::array<std::string_view, 2> verbs;
};

constexpr std::array<Install, 14> installs = {{
    {"apt-get", {"install", "upgrade"}}, {"apt", {"install", "upgrade"}},
    {"apk", {"add", "upgrade"}}, {"yum", {"install", "update"}},
    {"dnf", {"install", "upgrade"}}, {"microdnf", {"install", "update"}},
    {"pip", {"install", "install"}}, {"pip3", {"install", "install"}},
    {"npm", {"install", "ci"}}, {"yarn", {"install", "add"}},
    {"pnpm", {"install", "add"}}, {"gem", {"install", "update"}},
    {"go", {"install", "get"}}, {"cargo", {"install", "install"}},
}};

// By a byte: the tools whose last letter it is, a bit for each, and those whose last but one.
struct LastLetters {
    std::array<std::uint16_t, 256> last{}, before{};
};
constexpr LastLetters last_letters = [] {
    LastLetters made;
    for (std::size_t i = 0; i < installs.size(); ++i) {
        const std::string_view tool = installs[i].tool;
        const auto bit = static_cast<std::uint16_t>(1U << i);
        made.last[static_cast<unsigned char>(tool[tool.size() - 1])] |= bit;
        made.before[static_cast<unsigned char>(tool[tool.size() - 2])] |= bit;
    }
    return made;
}();

// Whether any tool's name stands in front of a space. Next to no line has one.
bool names_tool(std::string_view line) noexcept {
    for (std::size_t at = 2; at < line.size(); ++at) {
        if (line[at] != ' ') continue;
        const unsigned tools = last_letters.last[static_cast<unsigned char>(line[at - 1])] &
                               last_letters.before[static_cast<unsigned char>(line[at - 2])];
        for (unsigned left = tools; left != 0; left &= left - 1) {
            const auto tool = static_cast<std::size_t>(std::countr_zero(left));
            if (line.substr(0, at).ends_with(installs[tool].tool)) return true;
        }
    }
    return false;
}

bool in_word(char c) noexcept {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.' ||
           c == '/';
}

// The words of a command behind its name, to the line's or the command's end.
std::string_view command_at(std::string_view line, std::size_t at) noexcept {
    const std::size_t end = line.find_first_of(";&|#\"'", at);
    return line.substr(at, end == std::string_view::npos ? end : end - at);
}

bool has_word(std::string_view text, std::string_view word) noexcept {
    for (std::size_t at = text.find(word); at != std::string_view::npos;
         at = text.find(word, at + 1)) {
        const bool begins = at == 0 || !in_word(text[at - 1]);
        const std::size_t end = at + word.size();
        if (begins && (end == text.size() || !in_word(text[end]))) return true;
    }
    return false;
}

}  // namespace

bool pipes_to_shell(std::string_view line) noexcept {
    if (!line.contains('|')) return false;
    if (!has_word(line, "curl") && !has_word(line, "wget")) return false;
    for (std::size_t bar = line.find('|'); bar != std::string_view::npos;
         bar = line.find('|', bar + 1)) {
        const std::string_view rest = command_at(line, bar + 1);
        for (const std::string_view shell : {"sh", "bash", "ash", "/bin/sh", "/bin/bash"}) {
            if (has_word(rest, shell)) return true;
        }
    }
    return false;
}

std::string install_command(std::string_view line) {
    const std::span<const Install> tools =
        names_tool(line) ? std::span(installs) : std::span<const Install>();
    for (const Install& one : tools) {
        for (std::size_t at = line.find(one.tool); at != std::string_view::npos;
             at = line.find(one.tool, at + 1)) {
            const std::size_t end = at + one.tool.size();
            const bool word = (at == 0 || !in_word(line[at - 1]) || line[at - 1] == '/') &&
                              end < line.size() && line[end] == ' ';
            if (!word) continue;
            // Not what is only said: echo "run pip install".
            const std::string_view before = line.substr(0, at);
            if (has_word(before, "echo") || has_word(before, "printf")) continue;
            for (const std::string_view verb : one.verbs) {
                if (has_word(command_at(line, end), verb)) {
                    return std::string(one.tool) + " " + std::string(verb);
                }
            }
        }
    }
    return pipes_to_shell(line) ? "a download that is piped to a shell" : "";
}

namespace {

// Scripts of packages and of module trees are not what a container starts with.
bool is_of_packages(std::string_view path) noexcept {
    for (const std::string_view folder : {"usr/share/", "usr/lib/", "var/lib/", "lib/", "etc/"}) {
        if (path.starts_with(folder)) return true;
    }
    return path.find("node_modules/") != path.npos || path.find("site-packages/") != path.npos ||
           path.find("dist-packages/") != path.npos;
}

// The program of a first line, without its folder; that which env(1) starts: "sh" of
// "#!/bin/sh -e", "python3" of "#!/usr/bin/env python3".
std::string interpreter_of(std::string_view text) {
    constexpr std::size_t longest = 64;
    std::string_view line = text.substr(2, text.find_first_of("\r\n") - 2);
    const auto word = [&line] {
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
        const std::string_view next = line.substr(0, line.find_first_of(" \t"));
        line.remove_prefix(next.size());
        return next.substr(next.rfind('/') + 1);
    };
    std::string_view name = word();
    if (name == "env") {
        do {
            name = word();
        } while (name.starts_with('-') || name.find('=') != name.npos);
    }
    return std::string(name.substr(0, longest));
}

void script_facts(std::string_view path, std::string_view text, const FileFact& base,
                  std::vector<FileFact>& out) {
    // Scripts of packages and of module trees are not what a container starts with.
    if (is_of_packages(path)) return;
    const auto add = [&](FactKind kind, std::string detail) {
        out.push_back(base);
        out.back().kind = kind;
        out.back().detail = std::move(detail);
    };
    for (const std::string_view name : {"FORGE_EGRESS_PROXY_URL", "SERVER_PORT"}) {
        if (text.find(name) != text.npos) add(FactKind::proxy_setting, std::string(name));
    }
    if ((base.mode & 0111) != 0) add(FactKind::script, interpreter_of(text));
    const bool whole = base.size <= text.size();
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const std::size_t first = line.find_first_not_of(" \t");
        if (first == line.npos || line[first] == '#') continue;
        std::string detail = install_command(line.substr(first));
        if (!detail.empty()) return add(FactKind::start_install, std::move(detail));
    }
    if (!whole) add(FactKind::start_install, std::string(script_cut));
}

class ElfHead {
public:
    explicit ElfHead(std::string_view head)
        : head_(head), wide_(head[4] == 2), big_(head[5] == 2) {
        table_ = wide_ ? number(32, 8) : number(28, 4);
        size_ = number(wide_ ? 54 : 42, 2);
        const std::uint64_t count = number(wide_ ? 56 : 44, 2);
        const bool readable = count <= 128 && size_ >= 32 && table_ <= head_.size() &&
                              head_.size() - table_ >= size_ * count;
        segments_ = readable ? count : 0;
    }

    [[nodiscard]] std::uint64_t number(std::size_t at, std::size_t bytes) const noexcept {
        if (at > head_.size() || head_.size() - at < bytes) return 0;
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < bytes; ++i) {
            const std::size_t from = big_ ? i : bytes - 1 - i;
            value = value << 8 | static_cast<unsigned char>(head_[at + from]);
        }
        return value;
    }

    [[nodiscard]] std::uint64_t type() const noexcept { return number(16, 2); }

    /// Which usual protections it lacks; empty also where that can't be told.
    [[nodiscard]] std::string missing() const {
        constexpr std::uint64_t stack = 0x6474e551, relro = 0x6474e552;
        bool stack_told = false, stack_runs = false, is_relro = false;
        const bool interpreter = !loader().empty();
        if (segments_ == 0) return {};
        for (std::uint64_t i = 0; i < segments_; ++i) {
            const std::size_t at = segment(i);
            const std::uint64_t kind = number(at, 4);
            is_relro = is_relro || kind == relro;
            if (kind != stack) continue;
            stack_told = true;
            stack_runs = (number(at + (wide_ ? 4 : 24), 4) & 1) != 0;
        }
        const bool fixed = type() == 2;
        if (!fixed && !interpreter) return {};  // a library
        std::string text;
        const auto add = [&text](std::string_view what) {
            if (!text.empty()) text += ", ";
            text += what;
        };
        if (fixed) add("not position independent");
        if (!stack_told || stack_runs) add("executable stack");
        if (!is_relro) add("no RELRO");
        if (interpreter && lacks_canary()) add("no stack canary");
        return text;
    }

    /// The path of the loader that it needs, or "".
    [[nodiscard]] std::string_view loader() const noexcept {
        constexpr std::uint64_t interp = 3, longest = 256;
        for (std::uint64_t i = 0; i < segments_; ++i) {
            const std::size_t at = segment(i);
            if (number(at, 4) != interp) continue;
            const std::uint64_t from = wide_ ? number(at + 8, 8) : number(at + 4, 4);
            const std::uint64_t size = wide_ ? number(at + 32, 8) : number(at + 16, 4);
            if (from >= head_.size() || size < 2 || size > longest) return "?";
            const std::string_view path = head_.substr(static_cast<std::size_t>(from),
                                                       static_cast<std::size_t>(size));
            return path.substr(0, path.find('\0'));
        }
        return {};
    }

private:
    [[nodiscard]] std::size_t segment(std::uint64_t i) const noexcept {
        return static_cast<std::size_t>(table_ + i * size_);
    }

    // Programs of C import the handler of a broken canary by name. Told only where the table
    // of names lies within the head, and for such programs: those that start through the C
    // library. Go and Rust need none.
    [[nodiscard]] bool lacks_canary() const noexcept {
        const std::size_t start = head_.find("\0__libc_start_main\0"sv);
        if (start == head_.npos || head_.find("__stack_chk_fail"sv) != head_.npos) return false;
        // The table ends where two strings are empty; behind that are other tables.
        const std::size_t end = head_.find("\0\0\0"sv, start);
        return end != head_.npos && head_.find("_Unwind_GetIPInfo"sv) == head_.npos &&
               head_.find("\4\0\0\0Go\0\0"sv) == head_.npos;
    }

    std::string_view head_;
    bool wide_, big_;
    std::uint64_t table_ = 0, size_ = 0, segments_ = 0;
};

// Where distributions put their executables.
bool may_be_of_packages(std::string_view path) noexcept {
    for (const std::string_view folder : {"usr/bin/", "usr/sbin/", "bin/", "sbin/", "usr/libexec/"}) {
        if (path.starts_with(folder)) return true;
    }
    return is_of_packages(path);
}

void elf_facts(std::string_view path, std::string_view head, const FileFact& base,
               std::vector<FileFact>& out) {
    if (head.size() < 52) return;
    const ElfHead elf(head);
    const auto add = [&](FactKind kind, std::string detail = {}) {
        out.push_back(base);
        out.back().kind = kind;
        out.back().detail = std::move(detail);
    };
    switch (elf.type()) {
        case 1:
            if (path.ends_with(".o")) add(FactKind::object_file);
            return;
        case 2:
        case 3:
            if (std::string missing = elf.missing(); !missing.empty()) {
                add(FactKind::weak_binary, std::move(missing));
            }
            if (const auto loader = elf.loader(); !loader.empty() && !may_be_of_packages(path)) {
                add(FactKind::dynamic_binary, std::string(loader));
            }
            return;
        case 4: return add(FactKind::core_dump);
        default: return;
    }
}

}  // namespace

void content_facts(std::string_view path, std::string_view head, const FileFact& base,
                   std::vector<FileFact>& out) {
    switch (head.front()) {
        case '\x7f':
            if (head.starts_with("\x7f" "ELF")) elf_facts(path, head, base, out);
            return;
        case '#':
            if (head.starts_with("#!")) script_facts(path, head, base, out);
            return;
        case '!':
            if (head.starts_with("!<arch>\n") && path.ends_with(".a")) {
                out.push_back(base);
                out.back().kind = FactKind::static_library;
            }
            return;
        case '\n':
            if (head.starts_with("\n\r\r\n"sv) && head.size() >= 12 &&
                (head.substr(8, 4) == "\x1a\x2b\x3c\x4d"sv ||
                 head.substr(8, 4) == "\x4d\x3c\x2b\x1a"sv)) {
                out.push_back(base);
                out.back().kind = FactKind::packet_capture;
                out.back().detail = "pcapng";
            }
            return;
        default: break;
    }
    for (const Magic& magic : magics) {
        if (!head.starts_with(magic.bytes)) continue;
        out.push_back(base);
        out.back().kind = magic.kind;
        out.back().detail = magic.detail;
        return;
    }
}

}  // namespace stratascan::layer
