// An archive that passes once is scanned as it passes, although its manifest
// mostly comes last: what is JSON is kept (bounded), and all the rest is shown to
// the caller, whether it will turn out to be a layer or a stray. When the end is
// reached the images are resolved from what was kept, and documents that turn out
// to be layers, as attestations are, are shown too. Nothing is spooled to disk.
#include "scanner/source/stream_archive.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <set>
#include <utility>

#include "scanner/source/image_set.hpp"
#include "scanner/source/legacy_archive.hpp"
#include "scanner/source/sniff.hpp"
#include "scanner/source/stray.hpp"
#include "scanner/source/stream_store.hpp"
#include "scanner/source/tar_stream.hpp"

namespace stratascan::source {

namespace {

constexpr std::size_t head_bytes = 512;  ///< of a member, to tell what it is
constexpr std::size_t max_name_bytes = 256;
constexpr std::uint64_t max_members = 1'000'000;

/// What a file descriptor gives, until it ends.
class DescriptorReader final : public BlobReader {
public:
    DescriptorReader(UniqueFd fd, std::string name) : fd_(std::move(fd)), name_(std::move(name)) {}

    Result<std::size_t> read(std::span<std::byte> out) override {
        std::size_t done = 0;
        while (done < out.size()) {
            const ssize_t got = ::read(fd_.get(), out.data() + done, out.size() - done);
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return fail(ErrorCode::unreadable, system_message(errno), name_);
            if (got == 0) break;
            done += static_cast<std::size_t>(got);
        }
        return done;
    }
    std::int64_t size() const noexcept override { return -1; }

private:
    UniqueFd fd_;
    std::string name_;
};

/// The raw bytes of a stream. Its start can be looked at before it is read.
class RawStream {
public:
    explicit RawStream(std::unique_ptr<BlobReader> bytes) : bytes_(std::move(bytes)) {}

    /// The first sniff_bytes, or all there are. REQUIRES: nothing was read yet.
    Result<std::span<const std::byte>> start() {
        start_.resize(sniff_bytes);
        const auto got = bytes_->read(start_);
        if (!got) return std::unexpected(got.error());
        start_.resize(*got);
        return std::span<const std::byte>(start_);
    }

    Result<std::size_t> read(std::span<std::byte> out) {
        const std::size_t kept = std::min(out.size(), start_.size() - replayed_);
        if (kept > 0) {
            std::memcpy(out.data(), start_.data() + replayed_, kept);
            replayed_ += kept;
            if (replayed_ == start_.size()) {
                start_ = {};
                replayed_ = 0;
            }
        }
        if (kept == out.size()) return kept;
        const auto got = bytes_->read(out.subspan(kept));
        if (!got) return got;
        return kept + *got;
    }

private:
    std::unique_ptr<BlobReader> bytes_;
    std::vector<std::byte> start_;
    std::size_t replayed_ = 0;
};

/// A stream that is one layer, handed on as it came.
class RawReader final : public BlobReader {
public:
    explicit RawReader(RawStream& raw) : raw_(raw) {}
    Result<std::size_t> read(std::span<std::byte> out) override { return raw_.read(out); }
    std::int64_t size() const noexcept override { return -1; }

private:
    RawStream& raw_;
};

/// A member of the archive whose start was read already.
class MemberReader final : public BlobReader {
public:
    MemberReader(TarStream& tar, std::span<const std::byte> head, std::int64_t size)
        : tar_(tar), head_(head), size_(size) {}

    Result<std::size_t> read(std::span<std::byte> out) override {
        const std::size_t kept = std::min(out.size(), head_.size());
        if (kept > 0) std::memcpy(out.data(), head_.data(), kept);
        head_ = head_.subspan(kept);
        const auto got = tar_.read(out.subspan(kept));
        if (!got) return got;
        return kept + *got;
    }

    std::int64_t size() const noexcept override { return size_; }

private:
    TarStream& tar_;
    std::span<const std::byte> head_;
    std::int64_t size_;
};

class StreamArchive final : public ImageSource {
public:
    StreamArchive(std::unique_ptr<BlobReader> bytes, std::string name, StreamForm form,
                  Selection selection, const StreamLimits& limits)
        : raw_(std::move(bytes)),
          name_(std::move(name)),
          form_(form),
          selection_(std::move(selection)),
          limits_(limits) {}

    bool is_stream() const noexcept override { return true; }
    Result<void> stream(const BlobVisitor& visit) override;
    Result<std::vector<ImageRef>> images() override { return images_; }

private:
    Result<void> stream_layer(const BlobVisitor& visit);
    Result<void> stream_archive(const BlobVisitor& visit);
    Result<void> pass(const TarStream::Member& member, TarStream& tar, const BlobVisitor& visit);
    void finish(DecodedStream& decoded);
    Result<void> show_documents(const BlobVisitor& visit);
    [[nodiscard]] Result<std::vector<ImageRef>> resolve() const;
    [[nodiscard]] std::vector<ImageRef> as_one_image() const;
    [[nodiscard]] bool lacks(const char* name) const;

    RawStream raw_;
    std::string name_;
    StreamForm form_;
    Selection selection_;
    StreamLimits limits_;
    StreamStore store_;
    std::string side_bytes_;  ///< of the compression, in no member
    bool has_end_ = true;
    Result<std::vector<ImageRef>> images_ =
        fail(ErrorCode::invalid_argument, "the stream was not read yet");
};

Result<void> StreamArchive::stream(const BlobVisitor& visit) {
    const auto start = raw_.start();
    if (!start) return std::unexpected(start.error());
    if (start->empty()) return fail(ErrorCode::malformed, "it is empty", name_);
    if (form_ == StreamForm::by_content) {
        form_ = starts_image_archive(*start, limits_.memory) ? StreamForm::archive
                                                             : StreamForm::layer;
    }
    return form_ == StreamForm::layer ? stream_layer(visit) : stream_archive(visit);
}

Result<void> StreamArchive::stream_layer(const BlobVisitor& visit) {
    ImageRef image;
    image.kind = "layer";
    LayerRef layer;
    layer.key = name_;
    image.layers.push_back(std::move(layer));
    images_ = std::vector<ImageRef>{std::move(image)};
    RawReader reader(raw_);
    return visit(name_, reader);
}

Result<void> StreamArchive::stream_archive(const BlobVisitor& visit) {
    DecodedStream decoded([this](std::span<std::byte> out) { return raw_.read(out); }, limits_);
    auto tar = TarStream::open([&] { return decoded.next(); });
    if (!tar) return std::unexpected(tar.error());
    for (std::uint64_t members = 0;; ++members) {
        const auto member = (*tar)->next();
        if (!member) {
            if (members == 0) return std::unexpected(member.error());
            store_.add_gap({"", member.error().message(), 0});
            break;
        }
        if (!*member) {
            has_end_ = (*tar)->has_end();
            finish(decoded);
            break;
        }
        if (members >= max_members) {
            store_.add_gap(
                {"", fmt::format("more than {} members; the rest was not read", max_members), 0});
            break;
        }
        if (auto passed = pass(**member, **tar, visit); !passed) {
            store_.add_gap({"", "the scan stopped before the archive's end", 0});
            images_ = resolve();
            return passed;
        }
    }
    images_ = resolve();
    return show_documents(visit);
}

/// Reads what stands behind the archive's last member, to the end of the
/// compression, where its checksum is.
void StreamArchive::finish(DecodedStream& decoded) {
    std::uint64_t bytes = 0;
    while (true) {
        const auto rest = decoded.next();
        if (!rest) return store_.add_gap({"", rest.error().message(), 0});
        if (rest->empty()) break;
        const bool padding =
            std::ranges::all_of(*rest, [](std::byte byte) { return byte == std::byte{0}; });
        if (!padding || bytes > 0) bytes += rest->size();
    }
    if (bytes > 0) store_.add_gap({"", "bytes after the archive's end marker", bytes});
    side_bytes_ = decoded.side_bytes();
    if (decoded.side_bytes_dropped() > 0) {
        store_.add_gap({"", "bytes between the members of the compressed archive",
                        decoded.side_bytes_dropped()});
    }
}

Result<void> StreamArchive::pass(const TarStream::Member& member, TarStream& tar,
                                 const BlobVisitor& visit) {
    const std::string& name = member.name;
    if (!member.is_file || member.size == 0 || name.size() > max_name_bytes) {
        store_.keep_bare_name(name, member.link);
    }
    if (name.size() > max_name_bytes) {
        const auto bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(member.size, 0));
        store_.add_gap({"", fmt::format("a member whose name has more than {} bytes was not read",
                                        max_name_bytes), bytes});
        return {};
    }
    if (member.is_link) {
        store_.keep_link(name, member.link);
        return {};
    }
    if (!member.is_file || member.size == 0) return {};

    std::array<std::byte, head_bytes> head{};
    const auto got = tar.read(head);
    if (!got) return {};  // the next header tells what is wrong
    const auto start = std::span<const std::byte>(head).first(*got);
    const bool is_document = is_text_member(name, start) && member.size >= 0 &&
                             store_.has_room(name, static_cast<std::size_t>(member.size));
    MemberReader reader(tar, start, member.size);
    std::string key = store_.new_key(name);
    if (is_document) {
        auto bytes = read_whole(reader, max_document_bytes);
        if (bytes) store_.keep_document(name, std::move(key), *std::move(bytes));
        return {};
    }
    auto visited = visit(key, reader);
    store_.keep_blob(name, std::move(key), member.size);
    return visited;
}

bool StreamArchive::lacks(const char* name) const {
    const auto bytes = store_.document(name);
    return !bytes && bytes.error().code == ErrorCode::not_found;
}

Result<std::vector<ImageRef>> StreamArchive::resolve() const {
    if (form_ == StreamForm::oci_archive && lacks("index.json")) {
        return fail(ErrorCode::malformed, "no OCI archive: it has no index.json", name_);
    }
    const bool neither = lacks("index.json") && lacks("manifest.json");
    const bool legacy = neither && has_legacy_layers(store_);
    if (form_ == StreamForm::docker_archive && lacks("manifest.json") && !legacy) {
        return fail(ErrorCode::malformed, "no docker archive: it has no manifest.json", name_);
    }
    auto images = neither && !legacy && !store_.keys().empty()
                      ? as_one_image()
                      : resolve_images(store_, selection_);
    if (!images) return images;
    for (ImageRef& image : *images) {
        for (const Gap& gap : store_.gaps()) image.gaps.push_back(gap);
        if (legacy && !has_end_) image.gaps.push_back({"", std::string(legacy_without_end), 0});
    }
    if (!side_bytes_.empty()) {
        images->front().documents.push_back(
            {SideDocument::Form::container, "compression", side_bytes_, -1});
    }
    return images;
}

/// An archive that ended before its manifest. Its blobs were scanned, and their
/// findings must not be lost: they are listed as they passed.
std::vector<ImageRef> StreamArchive::as_one_image() const {
    ImageRef image;
    image.gaps.push_back(
        {"", "the archive has neither index.json nor manifest.json: its blobs are listed in the "
             "order they have", 0});
    MemberNames names = store_.bare_names();
    for (const std::string& key : store_.keys()) {
        names.add(key);
        LayerRef layer;
        layer.key = key;
        image.layers.push_back(std::move(layer));
    }
    add_member_names(image, names);
    return {std::move(image)};
}

Result<void> StreamArchive::show_documents(const BlobVisitor& visit) {
    if (!images_) return {};
    std::set<std::string> shown;
    for (const ImageRef& image : *images_) {
        for (const LayerRef& layer : image.layers) {
            if (!layer.unavailable.empty() || !shown.insert(layer.key).second) continue;
            const std::string* const bytes = store_.document_of_key(layer.key);
            if (bytes == nullptr) continue;
            const auto reader = open_memory_blob(*bytes);
            if (auto visited = visit(layer.key, *reader); !visited) return visited;
        }
    }
    return {};
}

}  // namespace

std::unique_ptr<ImageSource> open_stream(std::unique_ptr<BlobReader> bytes, std::string name,
                                         StreamForm form, Selection selection,
                                         const StreamLimits& limits) {
    return std::make_unique<StreamArchive>(std::move(bytes), std::move(name), form,
                                           std::move(selection), limits);
}

std::unique_ptr<ImageSource> open_stream(UniqueFd fd, std::string name, StreamForm form,
                                         Selection selection, const StreamLimits& limits) {
    auto bytes = std::make_unique<DescriptorReader>(std::move(fd), name);
    return open_stream(std::move(bytes), std::move(name), form, std::move(selection), limits);
}

}  // namespace stratascan::source
