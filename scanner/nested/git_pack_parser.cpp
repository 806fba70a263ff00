#include "scanner/nested/git_pack_parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "scanner/nested/bytes.hpp"
#include "scanner/nested/git_history.hpp"

namespace stratascan::nested {

namespace {

// Places that are tried behind damage before the rest is given up.
constexpr std::size_t most_trials = 4096;
// Bytes that those may read and make which come to nothing: most fail within a few.
constexpr std::uint64_t most_trial_bytes = std::uint64_t{8} << 20;
constexpr std::string_view damaged_object = "git pack: damaged object";

}  // namespace

Found GitPackParser::step(std::string_view& in, bool last) {
    for (;;) {
        if (shown_) return show_more();
        if (end_member_) {
            end_member_ = member_open_ = false;
            return Found::member_end;
        }
        if (!member_open_ && !gaps_.empty()) {
            auto [what, bytes] = std::move(gaps_.front());
            gaps_.pop_front();
            return lost(std::move(what), bytes);
        }
        if (deltas_) {
            if (const Found found = later(); found != Found::need_input) return found;
            continue;
        }
        if (state_ == State::over) {
            in = {};
            return Found::need_input;
        }
        take(in);
        if (deltas_) continue;
        const bool all = last && in.empty();
        starved_ = false;
        if (const Found found = advance(all); found != Found::need_input) return found;
        if (!starved_ || !in.empty()) continue;
        if (!all) return Found::need_input;
        end_pack();
    }
}

void GitPackParser::take(std::string_view& in) {
    const std::string_view part = in.substr(0, Gathered::piece_bytes);
    pack_.add(part);
    in.remove_prefix(part.size());
    if (gathering_ && pack_.memory() + index_bytes() > memory_.gathered) stop_gathering();
}

// What was gathered so far is used; the object that is under way begins anew.
void GitPackParser::stop_gathering() {
    gathering_ = false;
    over_memory_ = true;
    if (state_ == State::data) state_ = trial_ ? State::seek : State::object;
    deltas_ = std::make_unique<PackDeltas>(pack_, entries_, base_ids_, hash_, memory_);
}

void GitPackParser::drop_to(std::uint64_t at) {
    if (!damaged_) {
        while (hashed_to_ < at) {
            const std::string_view run = pack_.run(hashed_to_);
            const std::string_view part =
                run.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(run.size(), at - hashed_to_)));
            if (part.empty()) break;
            pack_hasher_.add(part);
            hashed_to_ += part.size();
        }
    }
    if (!gathering_) pack_.drop_before(at);
}

Found GitPackParser::advance(bool all) {
    switch (state_) {
        case State::begin: {
            std::array<char, pack_begin_bytes> head{};
            if (pack_.read(0, head) < head.size()) return starve();
            count_ = big_endian({head.data(), head.size()}, 8, 4);
            at_ = head.size();
            state_ = State::object;
            return Found::need_input;
        }
        case State::object: return begin_object(all);
        case State::data: return inflate_more(all);
        case State::seek: return seek(all);
        case State::over: break;
    }
    return Found::need_input;
}

Found GitPackParser::begin_object(bool all) {
    drop_to(at_);
    std::array<char, longest_pack_header> head{};
    const std::size_t size = pack_.read(at_, head);
    if (size < head.size() && !all) return starve();
    // Behind the last object stands the hash of the pack. Behind damage nobody knows
    // which the last one is.
    if ((found_ >= count_ && !damaged_) || (all && size <= bytes_of(hash_))) return starve();
    const auto header = read_pack_header({head.data(), size}, at_, hash_);
    if (!header) return object_failed(damaged_object);
    const bool is_delta = header->kind == GitKind::none;
    if (is_delta) {
        start(*header, gathering_ ? Use::skip : Use::literals);
    } else if (header->size <= memory_.object) {
        start(*header, Use::collect);
    } else {
        start(*header, gathering_ ? Use::hash : Use::pass);
    }
    if (use_ != Use::pass && use_ != Use::literals) return Found::need_input;
    head_ = {};
    head_.name = fmt::format("{} at byte {}", is_delta ? "delta" : to_string(header->kind), at_);
    header_ = {};
    member_open_ = true;
    return Found::member;
}

void GitPackParser::start(const PackHeader& header, Use use) {
    header_of_ = header;
    use_ = use;
    state_ = State::data;
    data_at_ = at_ + header.bytes;
    made_ = 0;
    collected_.clear();
    literals_ = {};
    zlib_.begin();
    if (use == Use::hash) hasher_.begin(header.kind, header.size);
}

Found GitPackParser::inflate_more(bool all) {
    for (;;) {
        std::string_view in = pack_.run(data_at_);
        if (in.empty() && !all) return starve();
        const std::size_t before = in.size();
        std::span<char> out(buffer_);
        const auto said = zlib_.step(in, out);
        data_at_ += before - in.size();
        const std::string_view made(buffer_.data(), buffer_.size() - out.size());
        made_ += made.size();
        const bool starved = said == GitZlib::Said::need_input && all &&
                             pack_.run(data_at_).empty();
        // Empty blocks make a stream as long as one likes.
        const bool endless = trial_ && !gathering_ && data_at_ - at_ > 2 * memory_.object;
        const bool wrong_size = made_ > header_of_.size ||
                                (said == GitZlib::Said::end && made_ != header_of_.size);
        if (said == GitZlib::Said::damaged || starved || endless || wrong_size) {
            return object_failed(starved && !wrong_size ? "git pack: it ends early"
                                                        : damaged_object);
        }
        if (use_ == Use::collect) collected_ += made;
        if (use_ == Use::hash) hasher_.add(made);
        if (!gathering_ && !trial_) drop_to(data_at_);
        inserted_.clear();
        if (use_ == Use::literals) literals_.take(made, inserted_);
        if (said == GitZlib::Said::end) {
            const Found found = object_ended();
            if (found != Found::need_input || shown_) return found;
        }
        const std::string_view shown = use_ == Use::pass ? made : std::string_view(inserted_);
        if ((use_ == Use::pass || use_ == Use::literals) && !shown.empty()) {
            return say(Found::contents, shown);
        }
        if (said == GitZlib::Said::end) return Found::need_input;
    }
}

// The next object begins behind it.
Found GitPackParser::object_ended() {
    ++found_;
    const bool is_delta = header_of_.kind == GitKind::none;
    const std::uint64_t packed = data_at_ - at_;
    if (gathering_) {
        PackEntry entry;
        entry.offset = at_;
        entry.size = header_of_.size;
        entry.packed = static_cast<std::uint32_t>(
            std::min<std::uint64_t>(packed, PackEntry::none));
        entry.header = static_cast<std::uint8_t>(header_of_.bytes);
        entry.kind = header_of_.kind;
        entry.by_id = is_delta && header_of_.distance == 0;
        if (entry.by_id) {
            entry.base = static_cast<std::uint32_t>(base_ids_.size());
            base_ids_.push_back(header_of_.base);
        } else if (is_delta) {
            entry.base = entry_at(at_ - header_of_.distance);
            // A base that is no object: as one whose id is not there.
            if (entry.base == PackEntry::none) {
                entry.by_id = true;
                entry.base = static_cast<std::uint32_t>(base_ids_.size());
                base_ids_.emplace_back();
            }
        }
        entries_.push_back(entry);
    } else if (is_delta) {
        ++bare_deltas_;
        bare_bytes_ += packed;
    }
    if (use_ == Use::hash) large_.emplace_back(at_, hasher_.finish());
    if (use_ == Use::pass || use_ == Use::hash) history_.miss_object(header_of_.kind);
    if (trial_) {
        gaps_.emplace_back(lost_what_, at_ - lost_from_);
        trial_ = false;
    }
    const std::uint64_t at = std::exchange(at_, data_at_);
    state_ = State::object;
    end_member_ = member_open_;
    if (use_ != Use::collect) return Found::need_input;
    auto contents = std::make_shared<const std::string>(std::exchange(collected_, {}));
    if (is_delta) {  // found behind damage, where nothing is gathered
        auto inserted = std::make_shared<std::string>();
        DeltaLiterals().take(*contents, *inserted);
        return show(fmt::format("delta at byte {}", at), std::move(inserted));
    }
    const GitId id = id_of(hasher_, header_of_.kind, *contents);
    history_.add_object(repository_, header_of_.kind, id, *contents);
    return show(object_step(header_of_.kind, id), std::move(contents));
}

Found GitPackParser::object_failed(std::string_view what) {
    end_member_ = member_open_;
    collected_.clear();
    if (trial_) {
        trial_bytes_ += made_ + (data_at_ - at_);
        if (trial_bytes_ > most_trial_bytes) trials_ = most_trials;
        at_ = gathering_ ? at_ + 1 : std::max(at_ + 1, pack_.begin());
        state_ = State::seek;
        return Found::need_input;
    }
    damaged_ = true;
    lost_from_ = at_;
    ++found_;
    at_ = std::max(at_ + 1, pack_.begin());
    state_ = State::seek;
    lost_what_ = what;
    return Found::need_input;
}

// Where an object may begin: its header is one, and so are zlib's two bytes.
Found GitPackParser::seek(bool all) {
    trial_ = true;
    std::array<char, longest_pack_header> head{};
    for (; trials_ < most_trials; ++at_) {
        if (!gathering_) pack_.drop_before(at_);
        const std::size_t size = pack_.read(at_, head);
        if (size < head.size() && !all) return starve();
        if (size <= bytes_of(hash_)) break;
        const std::string_view bytes(head.data(), size);
        const auto header = read_pack_header(bytes, at_, hash_);
        if (!header || header->size > memory_.object || header->bytes + 2 > size) continue;
        if ((static_cast<unsigned char>(head[header->bytes]) & 0xfU) != 8 ||
            big_endian(bytes, header->bytes, 2) % 31 != 0) {
            continue;
        }
        ++trials_;
        const bool is_delta = header->kind == GitKind::none;
        start(*header, is_delta && gathering_ ? Use::skip : Use::collect);
        return Found::need_input;
    }
    if (trials_ >= most_trials && !all) {
        // Nothing is looked for any more; the rest passes.
        at_ = pack_.end();
        drop_to(at_);
        return starve();
    }
    gaps_.emplace_back(lost_what_, pack_.end() - lost_from_);
    trial_ = false;
    state_ = State::object;
    found_ = count_;
    at_ = pack_.end();
    return Found::need_input;
}

std::uint32_t GitPackParser::entry_at(std::uint64_t offset) const {
    const auto found = std::lower_bound(
        entries_.begin(), entries_.end(), offset,
        [](const PackEntry& entry, std::uint64_t at) { return entry.offset < at; });
    if (found == entries_.end() || found->offset != offset) return PackEntry::none;
    return static_cast<std::uint32_t>(found - entries_.begin());
}

// Behind the last byte. What deltas make comes after it.
void GitPackParser::end_pack() {
    state_ = State::over;
    const std::uint64_t left = pack_.end() - std::min(at_, pack_.end());
    if (!damaged_ && found_ < count_) {
        gaps_.emplace_back(fmt::format("git pack: it ends early, {} objects are missing",
                                       count_ - found_), 0);
    } else if (!damaged_ && left < bytes_of(hash_)) {
        gaps_.emplace_back("git pack: it ends early", 0);
    } else if (!damaged_ && left > bytes_of(hash_)) {
        gaps_.emplace_back("git pack: bytes behind its end", left - bytes_of(hash_));
    } else if (!damaged_) {
        std::string hash(bytes_of(hash_), '\0');
        pack_.read(at_, hash);
        if (pack_hasher_.finish().view() != hash) {
            gaps_.emplace_back("git pack: its checksum does not hold", 0);
        }
    }
    if (bare_deltas_ > 0) {
        gaps_.emplace_back(
            fmt::format("git pack: more than {} bytes; of {} deltas behind them only what they "
                        "insert was read", memory_.gathered, bare_deltas_), bare_bytes_);
    }
    if (gathering_) {
        deltas_ = std::make_unique<PackDeltas>(pack_, entries_, base_ids_, hash_, memory_);
    }
}

std::unique_ptr<ArchiveParser> make_git_pack_parser(GitHistory& history, std::uint32_t repository,
                                                    GitHash hash, std::uint64_t memory) {
    return std::make_unique<GitPackParser>(history, repository, hash, memory);
}

}  // namespace stratascan::nested
