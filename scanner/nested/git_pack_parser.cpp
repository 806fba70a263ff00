#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <utility>

#include "scanner/nested/bytes.hpp"
#include "scanner/nested/gathered.hpp"
#include "scanner/nested/git_delta.hpp"
#include "scanner/nested/git_history.hpp"
#include "scanner/nested/git_pack.hpp"
#include "scanner/nested/git_pack_deltas.hpp"
#include "scanner/nested/git_zlib.hpp"

namespace stratascan::nested {

namespace {

constexpr std::size_t shown_at_once = 64 << 10;
// Places that are tried behind damage before the rest is given up.
constexpr std::size_t most_trials = 4096;
constexpr std::string_view damaged_object = "git pack: damaged object";

class GitPackParser final : public ArchiveParser {
public:
    GitPackParser(GitHistory& history, std::uint32_t repository, GitHash hash,
                  std::uint64_t memory)
        : history_(history), repository_(repository), hash_(hash), hasher_(hash),
          pack_hasher_(hash), reserved_(memory / 4 * 3), memory_(PackMemory::within(memory)) {}

    Found step(std::string_view& in, bool last) override;

    bool makes_contents() const override { return true; }
    std::uint64_t hold() const override { return reserved_; }
    bool over_memory() const override { return over_memory_; }

private:
    enum class State : std::uint8_t { begin, object, data, seek, over };
    /// What becomes of the bytes that an object inflates to.
    enum class Use : std::uint8_t {
        collect,   ///< shown at its end, when its id is known
        skip,      ///< a delta that is looked at later
        hash,      ///< too large to collect; shown later
        pass,      ///< too large to collect, and shown as they come
        literals,  ///< of a delta, what it inserts, as it comes
    };

    void take(std::string_view& in);
    Found advance(bool all);
    Found begin_object(bool all);
    void start(const PackHeader& header, Use use);
    Found inflate_more(bool all);
    Found object_ended();
    Found object_failed(std::string_view what);
    Found starve() {
        starved_ = true;
        return Found::need_input;
    }
    Found seek(bool all);
    void end_pack();
    void stop_gathering();
    void drop_to(std::uint64_t at);

    Found show(std::string name, std::shared_ptr<const std::string> contents);
    Found show_more();
    Found later();
    bool begin_late(PackEntry& entry);
    Found late_more();
    void tell_fates();
    [[nodiscard]] std::uint32_t entry_at(std::uint64_t offset) const;
    [[nodiscard]] std::uint64_t index_bytes() const {
        return sizeof(PackEntry) * entries_.size() * 3 / 2 + 128 * base_ids_.size();
    }

    GitHistory& history_;
    std::uint32_t repository_;
    GitHash hash_;
    GitHasher hasher_, pack_hasher_;
    std::uint64_t reserved_;
    PackMemory memory_;
    bool over_memory_ = false;

    Gathered pack_;
    bool gathering_ = true;
    std::vector<PackEntry> entries_;
    std::vector<GitId> base_ids_;
    std::uint64_t count_ = 0, found_ = 0;

    State state_ = State::begin;
    std::uint64_t at_ = 0;       // of the object's header, or where one is looked for
    std::uint64_t data_at_ = 0;  // of its bytes that come next
    std::uint64_t hashed_to_ = 0;
    PackHeader header_of_;
    Use use_ = Use::collect;
    bool trial_ = false;      // behind damage: it may be no object
    bool damaged_ = false;
    std::size_t trials_ = 0;
    std::uint64_t lost_from_ = 0;
    std::string lost_what_;
    bool starved_ = false;    // it cannot go on without more input
    GitZlib zlib_;
    std::uint64_t made_ = 0;
    std::string collected_;
    DeltaLiterals literals_;
    std::array<char, shown_at_once> buffer_{};
    std::string inserted_;

    bool member_open_ = false, end_member_ = false;
    std::shared_ptr<const std::string> shown_;
    std::size_t shown_to_ = 0;
    std::deque<std::pair<std::string, std::uint64_t>> gaps_;

    std::unique_ptr<PackDeltas> deltas_;
    std::size_t late_ = 0;       // the entry that is shown after the deltas' results
    bool deltas_done_ = false, late_open_ = false;
    std::uint64_t late_at_ = 0;
    std::vector<std::pair<std::uint64_t, GitId>> large_;  // offsets of objects too large to collect
    std::uint64_t bare_deltas_ = 0, bare_bytes_ = 0;
};

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
            return object_failed(starved ? "git pack: it ends early" : damaged_object);
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

}  // namespace

std::unique_ptr<ArchiveParser> make_git_pack_parser(GitHistory& history, std::uint32_t repository,
                                                    GitHash hash, std::uint64_t memory) {
    return std::make_unique<GitPackParser>(history, repository, hash, memory);
}

}  // namespace stratascan::nested
