#include "scanner/layer/file_facts.hpp"

#include <algorithm>
#include <array>

namespace stratascan::layer {

namespace {

constexpr std::array<std::string_view, 38> names = {
    "setuid", "setgid", "capability", "world-writable-file", "world-writable-folder", "device",
    "private-path", "version-control", "editor-folder", "build-file", "environment-file",
    "credential-file", "desktop-file", "user-cache", "history-file", "core-dump", "heap-dump",
    "packet-capture", "database-dump", "host-key", "kube-config", "terraform-state",
    "service-token", "remote-setting", "package-cache", "package-database", "image-mark",
    "image-sbom", "header", "static-library", "object-file", "log-file", "start-install",
    "proxy-setting", "weak-binary", "script", "dynamic-binary",
    "named-host"};

// linux/capability.h, by number.
constexpr std::array<std::string_view, 41> capabilities = {
    "cap_chown", "cap_dac_override", "cap_dac_read_search", "cap_fowner", "cap_fsetid",
    "cap_kill", "cap_setgid", "cap_setuid", "cap_setpcap", "cap_linux_immutable",
    "cap_net_bind_service", "cap_net_broadcast", "cap_net_admin", "cap_net_raw", "cap_ipc_lock",
    "cap_ipc_owner", "cap_sys_module", "cap_sys_rawio", "cap_sys_chroot", "cap_sys_ptrace",
    "cap_sys_pacct", "cap_sys_admin", "cap_sys_boot", "cap_sys_nice", "cap_sys_resource",
    "cap_sys_time", "cap_sys_tty_config", "cap_mknod", "cap_lease", "cap_audit_write",
    "cap_audit_control", "cap_setfcap", "cap_mac_override", "cap_mac_admin", "cap_syslog",
    "cap_wake_alarm", "cap_block_suspend", "cap_audit_read", "cap_perfmon", "cap_bpf",
    "cap_checkpoint_restore"};

std::uint32_t word_at(std::string_view bytes, std::size_t at) noexcept {
    std::uint32_t word = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        word |= std::uint32_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
    }
    return word;
}

// The names of the capabilities in `set`, and what holds of them.
void add_set(std::string& text, std::uint64_t set, std::string_view flags) {
    if (set == 0) return;
    if (!text.empty()) text += ' ';
    bool first = true;
    for (unsigned number = 0; number < 64; ++number) {
        if ((set >> number & 1) == 0) continue;
        if (!first) text += ',';
        first = false;
        if (number < capabilities.size()) {
            text += capabilities[number];
        } else {
            text += std::to_string(number);
        }
    }
    (text += '=') += flags;
}

constexpr std::size_t most_fields = 9;
using Fields = std::array<std::string_view, most_fields>;

// The first fields of a line; the number of all.
std::size_t split(std::string_view line, Fields& fields) {
    std::size_t count = 0;
    for (;;) {
        const std::size_t colon = line.find(':');
        if (count < fields.size()) fields[count] = line.substr(0, colon);
        ++count;
        if (colon == std::string_view::npos) return count;
        line.remove_prefix(colon + 1);
    }
}

// Whether a password is set, and never what it is (shadow(5), passwd(5)).
std::string_view password_state(std::string_view field) noexcept {
    if (field.empty()) return "";
    if (field == "x") return "x";
    return field.front() == '!' || field.front() == '*' ? "*" : "set";
}

constexpr std::size_t longest_name = 64;
constexpr std::size_t longest_path = 256;

bool short_enough(std::string_view name, std::string_view home = {}, std::string_view shell = {}) {
    return !name.empty() && name.size() <= longest_name && home.size() <= longest_path &&
           shell.size() <= longest_path;
}

bool is_number(std::string_view text) noexcept {
    return !text.empty() && text.size() <= 10 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<std::string> os_release_line(std::string_view line) {
    constexpr std::size_t longest = 200;
    for (const std::string_view key :
         {"ID=", "ID_LIKE=", "NAME=", "PRETTY_NAME=", "VERSION_ID=", "VARIANT_ID="}) {
        if (line.starts_with(key) && line.size() <= longest) return std::string(line);
    }
    return std::nullopt;
}

std::string joined(std::initializer_list<std::string_view> fields) {
    std::string line;
    for (const std::string_view field : fields) (line += field) += ':';
    line.pop_back();
    return line;
}

}  // namespace

std::string_view to_string(FactKind kind) noexcept {
    const auto index = static_cast<std::size_t>(kind);
    return index < names.size() ? names[index] : std::string_view("unknown");
}

std::optional<std::string> decode_capability(std::string_view value) {
    constexpr std::uint32_t effective = 1;
    if (value.size() < 12) return std::nullopt;
    const std::uint32_t magic = word_at(value, 0);
    const std::uint32_t revision = magic >> 24;
    const std::size_t size = revision == 1 ? 12 : revision == 2 ? 20 : revision == 3 ? 24 : 0;
    if (value.size() != size) return std::nullopt;
    std::uint64_t permitted = word_at(value, 4);
    std::uint64_t inheritable = word_at(value, 8);
    if (revision > 1) {
        permitted |= std::uint64_t{word_at(value, 12)} << 32;
        inheritable |= std::uint64_t{word_at(value, 16)} << 32;
    }
    const std::string e = (magic & effective) != 0 ? "e" : "";
    std::string text;
    add_set(text, permitted & ~inheritable, e + "p");
    add_set(text, inheritable & ~permitted, e + "i");
    add_set(text, permitted & inheritable, e + "ip");
    return text;
}

std::optional<std::string> kept_line(DocumentKind kind, std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.front() == '#') return std::nullopt;
    Fields f{};
    switch (kind) {
        case DocumentKind::passwd: {
            if (split(line, f) < 4 || !is_number(f[2]) || !is_number(f[3])) return std::nullopt;
            if (!short_enough(f[0], f[5], f[6])) return std::nullopt;
            return joined({f[0], password_state(f[1]), f[2], f[3], f[5], f[6]});
        }
        case DocumentKind::group: {
            if (split(line, f) < 3 || !is_number(f[2]) || !short_enough(f[0])) return std::nullopt;
            return joined({f[0], f[2]});
        }
        case DocumentKind::shadow: {
            if (split(line, f) < 2 || !short_enough(f[0])) return std::nullopt;
            return joined({f[0], password_state(f[1])});
        }
        case DocumentKind::shells: {
            if (line.front() != '/' || line.size() > longest_path) return std::nullopt;
            return std::string(line);
        }
        case DocumentKind::os_release: return os_release_line(line);
        case DocumentKind::bill: break;  // is not kept by lines
    }
    return std::nullopt;
}

}  // namespace stratascan::layer
