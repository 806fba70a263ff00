// Containers behind something that starts by itself: a script that unpacks the rest of its
// own file (gzexe(1), makeself, zipapp, the launch scripts of Spring Boot), or an ELF file
// with a zip behind its last section. The script is text in lines, and what it unpacks
// begins a line; how its author finds the place (`tail -n +44`, `skip=44`) is not asked. A zip file
// may stand behind anything, for whoever reads it begins at its end.
#include <algorithm>
#include <utility>

#include "scanner/nested/archive_parser.hpp"
#include "scanner/nested/recognise.hpp"
#include "scanner/nested/zip_search.hpp"
#include "scanner/program/elf.hpp"

namespace stratascan::nested {

namespace {

using namespace std::string_view_literals;

// Scripts that unpack themselves have some 20 KiB; what is longer is text.
constexpr std::size_t script_limit = 256 << 10;

// What is worth a look: few lines of text begin so.
bool may_begin(std::string_view at) {
    return at.starts_with("\x1f\x8b"sv) || at.starts_with("PK\3\4"sv) || at.starts_with("BZh") ||
           at.starts_with("\xfd" "7zXZ"sv) || at.starts_with("\x28\xb5\x2f\xfd"sv) ||
           at.starts_with("7z\xbc\xaf"sv) || at.starts_with("Rar!"sv) || at.starts_with("MSCF"sv) ||
           at.starts_with("hsqs"sv) || at.starts_with("xar!"sv) ||
           (at.size() > 262 && at.substr(257, 5) == "ustar");
}

bool begins_container(std::string_view at) {
    if (!may_begin(at)) return false;
    const Format format = recognise(at.substr(0, recognised_within));
    return is_compression(format) || is_unopened(format) || format == Format::zip ||
           format == Format::tar;
}

class AppendedParser : public ArchiveParser {
public:
    Found step(std::string_view& in, bool last) override {
        for (;;) {
            switch (state_) {
                case State::before:
                    search(in, last);
                    if (state_ == State::before) return Found::need_input;
                    break;
                case State::no_container:
                    if (search_zip(in)) break;
                    if (!last) return Found::need_input;
                    state_ = State::rest;
                    if (!zips_.ends_in_directory()) return Found::need_input;
                    return lost(std::string(unread_zip), 0);
                case State::member:
                    head_ = {};
                    state_ = State::held;
                    return Found::member;
                case State::held:
                    state_ = State::contents;
                    return say(Found::contents, held_);
                case State::contents:
                    held_ = {};
                    if (in.empty()) {
                        if (!last) return Found::need_input;
                        state_ = State::rest;
                        return Found::member_end;
                    }
                    return say(Found::contents, std::exchange(in, {}));
                case State::rest:
                    in = {};
                    return Found::need_input;
            }
        }
    }

    std::uint64_t hold() const override { return held_.capacity(); }

protected:
    enum class State : std::uint8_t { before, no_container, member, held, contents, rest };

    /// Sets state_ to `member` with the container's first bytes in held_, or to `no_container`;
    /// else it has taken all of `in`.
    virtual void search(std::string_view& in, bool last) = 0;

    void found(std::size_t at) {
        held_.erase(0, at);
        state_ = State::member;
    }
    /// What is held is looked through once more.
    void nothing() { state_ = State::no_container; }
    /// Bytes in which no container counts, unless all of the file ends like one.
    void pass_over(std::string_view bytes) {
        while (!bytes.empty()) static_cast<void>(zips_.find(bytes));
    }

    State state_ = State::before;
    std::string held_;

private:
    bool search_zip(std::string_view& in) {
        std::string_view held = held_;
        auto header = zips_.find(held);
        if (header) {
            held_ = *header + std::string(held);
        } else {
            held_ = {};
            header = zips_.find(in);
            if (header) held_ = std::move(*header);
        }
        if (header) state_ = State::member;
        return state_ == State::member;
    }

    ZipSearch zips_;
};

/// Behind what somebody else has searched.
class BehindParser final : public AppendedParser {
public:
    explicit BehindParser(std::string header) {
        held_ = std::move(header);
        found(0);
    }

private:
    void search(std::string_view&, bool) override { nothing(); }
};

class ScriptParser final : public AppendedParser {
    void search(std::string_view& in, bool last) override {
        const std::string_view part = in.substr(0, script_limit - held_.size());
        held_ += part;
        in.remove_prefix(part.size());
        const bool all = last && in.empty();
        for (;;) {
            const std::string_view line = std::string_view(held_).substr(line_);
            const bool full = held_.size() == script_limit;
            if (line.size() < recognised_within && !all && !full) return;
            if (begins_container(line)) return found(line_);
            const std::size_t end = held_.find('\n', std::max(line_, searched_));
            searched_ = held_.size();
            if (end == held_.npos) return all || full ? nothing() : void();
            searched_ = line_ = end + 1;
        }
    }

    std::size_t line_ = 0, searched_ = 0;  // in held_
};

// System V ABI, "ELF Header" and "Program Header": where the last section, or the table of
// sections, ends. Segments count where there is no such table.
std::uint64_t end_of_elf(std::string_view head) {
    const auto elf = program::read_elf(head);
    if (!elf) return 0;
    std::uint64_t end = 0;
    for (const program::FileRange& load : elf->loads) {
        end = std::max(end, load.offset + load.size);
    }
    const std::uint64_t table = std::uint64_t{elf->section_bytes} * elf->section_count;
    return elf->sections == 0 ? end : std::max(end, elf->sections + table);
}

class ElfParser final : public AppendedParser {
    void search(std::string_view& in, bool last) override {
        if (end_ == 0) {
            if (!gather(held_, in, recognised_within) && !last) return;
            end_ = end_of_elf(held_);
            // Nothing stands behind so much, and sums of what a header claims may wrap.
            if (end_ == 0 || end_ > most_elf) return nothing();
            const std::size_t part = std::min<std::uint64_t>(end_, held_.size());
            pass_over(std::string_view(held_).substr(0, part));
            held_.erase(0, part);
            end_left_ = end_ - part;
        }
        const std::size_t part = std::min<std::uint64_t>(end_left_, in.size());
        pass_over(in.substr(0, part));
        in.remove_prefix(part);
        end_left_ -= part;
        if (end_left_ > 0) return last ? nothing() : void();
        if (!gather(held_, in, recognised_within) && !last) return;
        return begins_container(held_) ? found(0) : nothing();
    }

    static constexpr std::uint64_t most_elf = std::uint64_t{1} << 40;
    std::uint64_t end_ = 0, end_left_ = 0;
};

}  // namespace

std::unique_ptr<ArchiveParser> make_script_parser() { return std::make_unique<ScriptParser>(); }
std::unique_ptr<ArchiveParser> make_elf_parser() { return std::make_unique<ElfParser>(); }
std::unique_ptr<ArchiveParser> make_behind_parser(std::string first_bytes) {
    return std::make_unique<BehindParser>(std::move(first_bytes));
}

}  // namespace stratascan::nested
