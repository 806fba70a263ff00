// What a pack shows when no more of it is gathered: what its deltas make, then the
// objects that were too large to be held whole.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "scanner/nested/git_history.hpp"
#include "scanner/nested/git_pack_parser.hpp"

namespace stratascan::nested {

Found GitPackParser::show(std::string name, std::shared_ptr<const std::string> contents) {
    head_ = {};
    head_.name = std::move(name);
    head_.bytes = contents->size();
    header_ = {};
    shown_ = std::move(contents);
    shown_to_ = 0;
    member_open_ = true;
    return Found::member;
}

Found GitPackParser::show_more() {
    const std::string_view part =
        std::string_view(*shown_).substr(shown_to_, shown_at_once);
    if (part.empty()) {
        shown_.reset();
        member_open_ = end_member_ = false;
        return Found::member_end;
    }
    shown_to_ += part.size();
    return say(Found::contents, part);
}

// What deltas make, then what is left: large objects, and deltas whose base is
// not known, of which only what they insert is shown.
Found GitPackParser::later() {
    if (!deltas_done_) {
        if (auto object = deltas_->next()) {
            history_.add_object(repository_, object->kind, object->id, *object->contents);
            return show(object_step(object->kind, object->id), std::move(object->contents));
        }
        deltas_done_ = true;
        late_ = 0;
        tell_fates();
    }
    if (late_open_) return late_more();
    while (late_ < entries_.size()) {
        if (begin_late(entries_[late_++])) {
            member_open_ = late_open_ = true;
            return Found::member;
        }
    }
    deltas_.reset();
    deltas_done_ = false;
    entries_ = {};
    base_ids_ = {};
    large_ = {};
    if (state_ != State::over) drop_to(at_);
    return Found::need_input;
}

bool GitPackParser::begin_late(PackEntry& entry) {
    const bool is_delta = entry.base != PackEntry::none;
    head_ = {};
    header_ = {};
    if (is_delta) {
        if (entry.fate == PackEntry::Fate::shown) return false;
        head_.name = fmt::format("delta at byte {}", entry.offset);
        literals_ = {};
    } else {
        if (entry.size <= memory_.object) return false;
        const auto large = std::lower_bound(
            large_.begin(), large_.end(), entry.offset,
            [](const auto& one, std::uint64_t at) { return one.first < at; });
        if (large == large_.end() || large->first != entry.offset) return false;
        head_.name = object_step(entry.kind, large->second);
        head_.bytes = entry.size;
    }
    use_ = is_delta ? Use::literals : Use::pass;
    late_at_ = entry.offset + entry.header;
    zlib_.begin();
    return true;
}

// It inflated well when it passed.
Found GitPackParser::late_more() {
    for (;;) {
        std::string_view in = pack_.run(late_at_);
        const std::size_t before = in.size();
        std::span<char> out(buffer_);
        const auto said = zlib_.step(in, out);
        late_at_ += before - in.size();
        const std::string_view made(buffer_.data(), buffer_.size() - out.size());
        inserted_.clear();
        if (use_ == Use::literals) literals_.take(made, inserted_);
        const bool goes_on = said == GitZlib::Said::have_output ||
                             (said == GitZlib::Said::need_input && !pack_.run(late_at_).empty());
        if (!goes_on) {
            late_open_ = false;
            end_member_ = true;
        }
        const std::string_view shown = use_ == Use::pass ? made : std::string_view(inserted_);
        if (!shown.empty()) return say(Found::contents, shown);
        if (!goes_on) return Found::need_input;
    }
}

void GitPackParser::tell_fates() {
    constexpr std::array<std::string_view, 5> why = {
        "", "whose base is not there", "that are too large to be followed", "that are damaged",
        "that take too long"};
    std::array<std::uint64_t, why.size()> counts{}, bytes{};
    for (const PackEntry& entry : entries_) {
        if (entry.base == PackEntry::none) continue;
        ++counts[static_cast<std::size_t>(entry.fate)];
        bytes[static_cast<std::size_t>(entry.fate)] += entry.packed;
    }
    over_memory_ = over_memory_ || counts[static_cast<std::size_t>(PackEntry::Fate::too_large)] > 0;
    for (std::size_t i = 1; i < why.size(); ++i) {
        if (counts[i] == 0) continue;
        gaps_.emplace_back(fmt::format("git pack: {} deltas {}; only what they insert was read",
                                       counts[i], why[i]), bytes[i]);
    }
}

}  // namespace stratascan::nested
