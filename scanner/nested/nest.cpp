#include "scanner/nested/nest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "scanner/nested/git_object.hpp"

namespace stratascan::nested {

namespace {

// What is told of damage must not fill memory.
constexpr std::size_t gaps_told = 1000;
constexpr std::size_t gap_text_told = 4 << 20;
// Bytes that decoders make before their ratio to the file's bytes is judged: of a
// whole layer, and of one file; and of a file in a layer of many that are each a bomb.
constexpr std::uint64_t ratio_judged_past = std::uint64_t{1} << 30;
constexpr std::uint64_t ratio_judged_in_file = std::uint64_t{64} << 20;
constexpr std::uint64_t ratio_judged_in_one_of_many = std::uint64_t{1} << 20;

}  // namespace

Nest::Nest(layer::SlabPool& pool, const NestLimits& limits)
    : pool_(pool), limits_(limits), history_(limits.decoder_bytes / 8) {}

void Nest::open(layer::HostFile host) {
    host_ = std::make_shared<const layer::HostFile>(std::move(host));
    host_bytes_ = host_output_ = 0;
    levels_.push_back(std::make_unique<Level>());
}

void Nest::open_inside(std::shared_ptr<const layer::HostFile> host,
                       std::shared_ptr<const layer::InnerPlace> place, unsigned depth) {
    host_ = std::move(host);
    host_bytes_ = host_output_ = 0;
    auto level = std::make_unique<Level>();
    level->place = std::move(place);
    level->depth = depth;
    level->hidden = true;
    levels_.push_back(std::move(level));
}

void Nest::open_behind(layer::HostFile host, std::string first_bytes, std::uint64_t offset) {
    open(std::move(host));
    host_bytes_ = offset;
    Level& level = *levels_.front();
    level.kind = Level::Kind::archive;
    level.has_behind = true;
    level.parser = make_behind_parser(std::move(first_bytes));
}

void Nest::tell(layer::HostFile host, std::string reason) {
    host_ = std::make_shared<const layer::HostFile>(std::move(host));
    add_gap(nullptr, std::move(reason), 0);
}

bool Nest::reads_nothing() const noexcept {
    if (levels_.size() != 1) return levels_.empty();
    const Level& level = *levels_.front();
    return level.gap.empty() && (level.kind == Level::Kind::leaf ||
                                 (level.kind == Level::Kind::decoder && level.ended));
}

void Nest::give(std::string_view bytes) {
    host_bytes_ += bytes.size();
    counts_.input_bytes += bytes.size();
    arrive(*levels_.front(), bytes);
}

void Nest::close() {
    if (is_open()) levels_.front()->last = true;
}

void Nest::abandon(std::string reason) {
    const Level::Kind kind = levels_.front()->kind;
    const Format format = levels_.front()->format;
    const bool no_container =
        (may_have_appended(format) || has_constants(format)) && levels_.size() == 1;
    if ((kind == Level::Kind::decoder || kind == Level::Kind::archive) && !no_container) {
        stop_host(std::move(reason));
    }
    if (kind != Level::Kind::unknown) end(0);
    levels_.clear();
}

std::optional<layer::Window> Nest::take() {
    if (ready_.empty()) return std::nullopt;
    layer::Window window = std::move(ready_.front());
    ready_.pop_front();
    return window;
}

void Nest::finish() {
    for (const auto& one : streams_) {
        if (one) one->finish();
    }
    streams_.clear();
}

// From the innermost level outwards: the first that can do something does it.
bool Nest::run() {
    while (!levels_.empty()) {
        std::size_t at = levels_.size();
        bool moved = false;
        while (!moved && at > 0) moved = step(--at);
        if (!ready_.empty()) return true;
        if (!moved) return false;
    }
    return false;
}

bool Nest::step(std::size_t at) {
    switch (levels_[at]->kind) {
        case Level::Kind::unknown: return step_unknown(*levels_[at]);
        case Level::Kind::leaf: return step_leaf(at);
        case Level::Kind::decoder: return step_decoder(at);
        case Level::Kind::archive: return step_archive(at);
    }
    return false;
}

InnerStream& Nest::stream(std::uint32_t number) {
    if (streams_.size() <= number) streams_.resize(number + 1);
    auto& one = streams_[number];
    if (!one) one = std::make_unique<InnerStream>(pool_, number, ready_);
    return *one;
}

std::uint32_t Nest::add_member(std::uint32_t number, const Level& level, std::uint32_t mode,
                               std::string_view header) {
    layer::Member member;
    member.kind = layer::EntryKind::file;
    member.mode = mode;
    member.inner = level.place;
    return stream(number).begin_member(std::move(member), header);
}

// Bytes that a level is given. What is no archive is shown whole, whatever its
// decoder makes of it; an archive is shown in its parts.
void Nest::arrive(Level& level, std::string_view bytes) {
    level.input = bytes;
    // What stands behind it says nothing of itself.
    if (has_constants(level.format)) level.see_aside(bytes);
    if (!level.gap.empty()) level.gap_bytes += bytes.size();
    if (level.ref_text && level.ref_text->size() < GitHistory::ref_file_bytes) *level.ref_text += bytes;
    if (level.kind == Level::Kind::unknown || level.hidden) return;
    if (level.kind == Level::Kind::archive && !level.shows_itself()) return;
    const bool plain = level.kind == Level::Kind::leaf || may_have_appended(level.format) ||
                       has_constants(level.format);
    if (!level.place || (level.stream == 0 && !plain)) return;
    if (level.packed) {
        if (level.stream > 0) stream(level.stream).add_aside(bytes);
        return;
    }
    stream(std::max(level.stream, 1U)).add_contents(level.member, level.offset, bytes);
    level.offset += bytes.size();
}

bool Nest::refill(Level& level) {
    if (level.behind.empty()) return false;
    arrive(level, std::exchange(level.behind, {}));
    return true;
}

// Waits for as many bytes as it takes to recognise anything.
bool Nest::step_unknown(Level& level) {
    const std::string_view more =
        level.input.substr(0, recognised_within - std::min(level.head.size(), recognised_within));
    const bool enough = level.head.size() + more.size() >= recognised_within;
    if (!enough && !level.last) {
        level.head += more;
        level.input = {};
        return false;
    }
    // Bytes that came in one run are looked at where they are.
    const bool in_one = level.head.empty();
    if (!in_one) level.head += more;
    const std::string_view whole = in_one ? level.input : std::string_view(level.head);
    const std::string_view rest = in_one ? std::string_view() : level.input.substr(more.size());
    Format format = recognise(whole.substr(0, recognised_within));
    if (format == Format::none && level.in_zlib && read_loose_header(whole)) {
        format = Format::git_object;
        levels_[levels_.size() - 2]->believed_past = 1;
    }
    begin_container(level, format);
    level.behind = rest;
    arrive(level, whole);
    return true;
}

bool Nest::step_leaf(std::size_t at) {
    Level& level = *levels_[at];
    if (level.begins_zip() || refill(level)) return true;
    if (!level.last) return false;
    end(at);
    return true;
}

bool Nest::step_decoder(std::size_t at) {
    Level& level = *levels_[at];
    if (level.ended) return step_leaf(at);
    std::span<char> to(level.out.get(), decoder_buffer);
    const std::size_t before = level.input.size() + level.left.size();
    const auto step = level.decode(to);
    const std::size_t made = decoder_buffer - to.size();
    if (made > 0) {
        decoder_made(at, {level.out.get(), made});
        if (over_limit()) return true;
    }
    if (!step) {
        decoder_ended(at, &step.error());
        return true;
    }
    if (*step == layer::Step::end) {
        decoder_ended(at, nullptr);
        return true;
    }
    const bool moved = made > 0 || level.input.size() + level.left.size() != before;
    if (*step != layer::Step::need_input || !level.input.empty()) return true;
    if (refill(level)) return true;
    if (level.last && !moved) {
        const Error early{ErrorCode::malformed, "it ends early", {}, {}};
        decoder_ended(at, &early);
        return true;
    }
    return made > 0 || level.last;
}

// What a decoder makes is a member of its own, but for an archive's: there it is
// the member itself.
void Nest::decoder_made(std::size_t at, std::string_view bytes) {
    Level& level = *levels_[at];
    host_output_ += bytes.size();
    counts_.output_bytes += bytes.size();
    if (level.made == 0) {
        auto inner = std::make_unique<Level>();
        inner->place = level.place;
        inner->depth = level.inner_depth;
        inner->stream = level.stream + 1;
        inner->member = level.member;
        if (!level.packed) {
            inner->wraps = Level::Wraps::archives;
            inner->in_zlib = level.format == Format::zlib;
            inner->place = std::make_shared<const layer::InnerPlace>(
                host_, level.place, std::string(to_string(level.format)), true);
        }
        // The header of a member of the layer's own file stands in the first stream,
        // where its contents are now.
        if (!level.packed || level.stream > 0) {
            inner->member = add_member(inner->stream, *inner, 0, {});
        }
        levels_.push_back(std::move(inner));
    }
    level.made += bytes.size();
    if (level.packed) levels_[at - 1]->parser->see_unpacked(bytes);
    arrive(*levels_[at + 1], bytes);
}

// At its end, or where it cannot go on. What looked like a container and never gave
// a byte was none.
void Nest::decoder_ended(std::size_t at, const Error* error) {
    Level& level = *levels_[at];
    level.ended = true;
    if (at + 1 < levels_.size()) levels_[at + 1]->last = true;
    if (level.packed && error == nullptr) levels_[at - 1]->parser->unpacked_whole();
    if (error != nullptr) {
        const bool greedy = error->code == ErrorCode::over_limit;
        over_memory_ = over_memory_ || greedy;
        const bool unsupported = error->code == ErrorCode::unsupported;
        if (greedy || unsupported || level.packed || level.made >= level.believed_past) {
            level.gap = error->what;
            level.gap_bytes = level.input.size() + level.left.size();
        }
        if (level.end_open) level.gap_bytes = 0;
    }
    level.seeks_zip = !level.packed;
    if (!level.end_open) return;
    // The archive goes on where the decoder stopped.
    Level& archive = *levels_[at - 1];
    std::string early = level.left;
    if (level.input.data() + level.input.size() == archive.input.data()) {
        archive.input = {level.input.data(), level.input.size() + archive.input.size()};
    } else {
        early += level.input;  // contents that the parser had held
    }
    archive.parser->contents_ended(early);
    level.input = {};
    level.left.clear();
    level.last = true;
}

bool Nest::step_archive(std::size_t at) {
    Level& level = *levels_[at];
    Level* const member = at + 1 < levels_.size() ? levels_[at + 1].get() : nullptr;
    switch (level.parser->step(level.input, level.input_is_last())) {
        case Found::need_input:
            if (refill(level)) return true;
            if (!level.last) return false;
            end(at);
            return true;
        case Found::member: begin_member(at); return true;
        case Found::contents:
            if (member != nullptr) arrive(*member, level.parser->bytes());
            if (level.parser->makes_contents()) {
                host_output_ += level.parser->bytes().size();
                counts_.output_bytes += level.parser->bytes().size();
                static_cast<void>(over_limit());
            }
            return true;
        case Found::aside:
            if (level.stream > 0) stream(level.stream).add_aside(level.parser->bytes());
            level.see_aside(level.parser->bytes());
            return true;
        case Found::damage:
            if (level.stream > 0) stream(level.stream).add_aside(level.parser->header());
            // A file that was taken for an archive by its first bytes is none, but for what has
            // a checksum there. And a member's decoder says itself that its bytes end early.
            if ((level.members > 0 || level.format == Format::tar) &&
                (member == nullptr || !member->packed)) {
                const auto& place = member != nullptr ? member->place : level.place;
                add_gap(place.get(), level.parser->what(), level.input.size());
            }
            [[fallthrough]];
        case Found::member_end:
            over_memory_ = over_memory_ || level.parser->over_memory();
            if (member != nullptr) member->last = true;
            return true;
        case Found::gap:
            over_memory_ = over_memory_ || level.parser->over_memory();
            add_gap(level.place.get(), level.parser->what(), level.parser->lost_bytes());
            return true;
        case Found::mismatch: add_gap(level.newest.get(), level.parser->what(), 0); return true;
    }
    return false;
}

void Nest::begin_member(std::size_t at) {
    Level& level = *levels_[at];
    const MemberHead& head = level.parser->head();
    ++level.members;
    const bool constants = has_constants(level.format);
    if (!constants && counts_.members >= limits_.members) {
        exhausted_ = fmt::format("the layer's containers have more than {} members",
                                 limits_.members);
        stop_host(exhausted_);
        return;
    }
    if (!constants) ++counts_.members;
    auto inner = std::make_unique<Level>();
    inner->place = level.place;
    if (!head.name.empty()) {
        const bool unpacks_itself = level.format == Format::upx;
        std::string name = head.name;
        const bool cut = layer::shorten_path(name, limits_.path_bytes);
        inner->place = std::make_shared<const layer::InnerPlace>(
            host_, level.place, std::move(name), unpacks_itself, unpacks_itself,
            level.parser->origins());
        if (cut) {
            add_gap(inner->place.get(),
                    fmt::format("a path of more than {} bytes", limits_.path_bytes), 0);
        }
    }
    level.newest = inner->place;
    inner->depth = inner->inner_depth = level.inner_depth;
    // What is shown whole goes on in its own stream, while the text of its constants comes.
    const std::uint32_t own = constants && level.place ? std::max(level.stream, 1U) : level.stream;
    inner->stream = own + (level.parser->makes_contents() ? 1 : 0);
    if (level.opens_behind()) {
        inner->hidden = true;
        // The level outside goes on in its own stream, while members come in this one.
        if (level.place) inner->stream = std::max(level.stream, 1U) + 1;
        levels_.push_back(std::move(inner));
        return;
    }
    if (level.format == Format::rpm) inner->wraps = Level::Wraps::everything;
    if (inner->place) {
        const bool as_host = level.format == Format::upx && !level.place;
        inner->member = add_member(std::max(inner->stream, 1U), *inner,
                                   as_host ? host_->mode : head.mode, level.parser->header());
    }
    // What it says is no file of its own, whatever it begins with.
    if (constants) inner->kind = Level::Kind::leaf;
    switch (head.packing) {
        case Packing::stored: break;
        case Packing::encrypted:
        case Packing::unsupported:
            inner->kind = Level::Kind::leaf;
            inner->packed = true;
            inner->gap = head.packing == Packing::encrypted
                             ? "encrypted"
                             : "not supported: " + head.method;
            break;
        default:
            inner->packed = true;
            inner->end_open = !head.sized;
            begin_decoder(*inner, head.packing);
    }
    levels_.push_back(std::move(inner));
}

// REQUIRES: `at` is the innermost level.
void Nest::end(std::size_t at) {
    const std::unique_ptr<Level> level = std::move(levels_[at]);
    levels_.resize(at);
    const auto& place = level->gap_place ? level->gap_place : level->place;
    if (!level->gap.empty()) add_gap(place.get(), level->gap, level->gap_bytes);
    // Python's own tests have halves of zip files among their constants.
    const bool zip = has_constants(level->format) ? level->zips.ends_with_directory()
                                                  : level->zips.ends_in_directory();
    if (zip) add_gap(place.get(), std::string(unread_zip), 0);
    if (level->ref_text) history_.add_ref_file(names_of(level->place.get()), *level->ref_text);
}

// Both limits exist to end what would otherwise take hours. The first bomb of a
// layer is let grow further than those behind it.
bool Nest::over_limit() {
    if (counts_.output_bytes > limits_.output_bytes) {
        exhausted_ = fmt::format("the layer's containers hold more than {} bytes",
                                 limits_.output_bytes);
        stop_host(exhausted_);
        return true;
    }
    const bool many = counts_.output_bytes / limits_.ratio > counts_.input_bytes;
    if (counts_.output_bytes > ratio_judged_past &&
        host_output_ > (many ? ratio_judged_in_one_of_many : ratio_judged_in_file) &&
        host_output_ / limits_.ratio > host_bytes_) {
        stop_host(fmt::format("it is compressed more than {}:1", limits_.ratio));
        return true;
    }
    return false;
}

// All that is open is left where it is; the rest of the file passes unread, and is
// one gap.
void Nest::stop_host(std::string reason) {
    auto file = std::make_unique<Level>();
    file->kind = Level::Kind::leaf;
    file->last = levels_.front()->last;
    file->gap = std::move(reason);
    file->gap_place = levels_.back()->place;
    file->gap_bytes = levels_.front()->input.size() + levels_.front()->behind.size();
    levels_.clear();
    levels_.push_back(std::move(file));
}

void Nest::add_gap(const layer::InnerPlace* place, std::string reason, std::uint64_t bytes) {
    layer::OrdinalGap gap{{host_->path, std::move(reason), bytes}, host_->ordinal};
    if (place != nullptr) gap.gap.inner_path = place->steps();
    gap_text_ += gap.gap.path.size() + gap.gap.reason.size();
    for (const std::string& step : gap.gap.inner_path) gap_text_ += step.size();
    if (gaps_.size() >= gaps_told || gap_text_ > gap_text_told) {
        ++gaps_untold_;
    } else {
        gaps_.push_back(std::move(gap));
    }
}

}  // namespace stratascan::nested
