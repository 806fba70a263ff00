#include "scanner/store/parts.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>

#include "scanner/store/fields.hpp"
#include "scanner/store/packed.hpp"

namespace stratascan::store {

namespace {

using layer::LayerResult;

static_assert(std::endian::native == std::endian::little, "numbers are kept as they lie");

constexpr std::size_t part_bytes = std::size_t{1} << 20;
constexpr std::size_t part_rows = 65536;  // of things of a fixed size

// Items by kind.
std::vector<std::uint64_t> counts_of(const LayerResult& of) {
    return {1, of.findings.size(), of.programs.size(), of.gaps.size(), of.paths.entries.size(),
            of.paths.hardlinks.size(), of.paths.symlinks.size(), of.certificates.size(),
            of.digests.size(), of.packages.lists.size(), of.packages.packages.size(),
            of.packages.files.size(), of.file_facts.facts.size(),
            of.file_facts.documents.size()};
}

// How many facts of a kind a layer did not tell.
struct UntoldFacts {
    layer::FactKind kind = layer::FactKind::setuid;
    std::uint64_t number = 0;
};

template <typename A>
void fields(A& a, UntoldFacts& of) {
    a.choice(of.kind, layer::last_fact_kind);
    a.all(of.number);
}

// What there is one of.
void head(auto& a, LayerResult& of, std::vector<std::uint64_t>& counts) {
    a.all(of.digest, of.compression);
    a.choice(of.state, LayerState::encrypted);
    a.all(of.state_reason, of.files, of.members, of.bytes, of.compressed_bytes,
          of.inner_members, of.inner_bytes, of.is_archive, of.over_decoder_memory, of.notes,
          of.paths.truncated, of.packages.untold, of.packages.newest_time,
          of.file_facts.known,
          of.file_facts.newest_mtime, counts);
    std::vector<UntoldFacts> untold;
    untold.reserve(of.file_facts.untold.size());
    for (const auto& [kind, number] : of.file_facts.untold) untold.push_back({kind, number});
    a.all(untold);
    for (const UntoldFacts& one : untold) of.file_facts.untold[one.kind] = one.number;
}

class PartWriter {
public:
    explicit PartWriter(const std::function<bool(const Part&)>& take) : take_(take) {}

    void put(PartKind kind, std::uint64_t first, std::string_view bytes) {
        if (!ok_) return;
        const std::string packed = pack(bytes);
        ok_ = !packed.empty() && take_({kind, first, packed});
    }

    /// Items of any size: as many as make a part.
    template <typename T>
    void items(PartKind kind, std::span<const T> all) {
        std::size_t first = 0;
        while (first < all.size() && ok_) {
            Writer writer;
            std::size_t end = first;
            while (end < all.size() && writer.bytes().size() < part_bytes) writer.all(all[end++]);
            put(kind, first, writer.bytes());
            first = end;
        }
    }

    /// Items of a fixed size: a column after the other, which packs better.
    template <typename T, typename... Column>
    void columns(PartKind kind, std::span<const T> all, Column T::*... members) {
        for (std::size_t first = 0; first < all.size() && ok_; first += part_rows) {
            const auto rows = all.subspan(first, std::min(part_rows, all.size() - first));
            std::string bytes;
            bytes.reserve(rows.size() * (sizeof(Column) + ...));
            const auto column = [&](auto member) {
                for (const T& row : rows) {
                    bytes.append(reinterpret_cast<const char*>(&(row.*member)),
                                 sizeof(row.*member));
                }
            };
            (column(members), ...);
            put(kind, first, bytes);
        }
    }

    [[nodiscard]] bool ok() const noexcept { return ok_; }

private:
    const std::function<bool(const Part&)>& take_;
    bool ok_ = true;
};

template <typename T>
bool read_items(std::string_view bytes, std::vector<T>& all) {
    // Every item takes 8 bytes at least, so the loop ends by the bytes.
    while (!bytes.empty()) {
        Reader reader(bytes);
        T item;
        reader.all(item);
        if (!reader.ok()) return false;
        all.push_back(std::move(item));
        bytes = reader.rest();
    }
    return true;
}

template <typename T, typename... Column>
bool read_columns(std::string_view bytes, std::vector<T>& all, Column T::*... members) {
    constexpr std::size_t row_bytes = (sizeof(Column) + ...);
    if (bytes.size() % row_bytes != 0) return false;
    const std::size_t rows = bytes.size() / row_bytes;
    const std::size_t first = all.size();
    all.resize(first + rows);
    bool sound = true;
    const auto column = [&](auto member) {
        for (std::size_t row = first; row < all.size(); ++row) {
            auto& cell = all[row].*member;
            if constexpr (std::is_same_v<std::remove_reference_t<decltype(cell)>, bool>) {
                sound = sound && static_cast<unsigned char>(bytes[0]) <= 1;
                cell = bytes[0] != '\0';
            } else {
                std::memcpy(&cell, bytes.data(), sizeof(cell));
            }
            bytes.remove_prefix(sizeof(cell));
        }
    };
    (column(members), ...);
    return sound;
}

// A certificate is shared by those who hold it, so it is no plain item.
struct KeptCertificate {
    evidence::Certificate certificate;
    std::string path;
    std::vector<std::string> inner_path;
    std::uint32_t ordinal = 0;
};

template <typename A>
void fields(A& a, KeptCertificate& of) {
    a.all(of.certificate, of.path, of.inner_path, of.ordinal);
}

bool read_certificates(std::string_view bytes, LayerResult& result) {
    std::vector<KeptCertificate> kept;
    if (!read_items(bytes, kept)) return false;
    for (KeptCertificate& of : kept) {
        result.certificates.push_back(
            {std::make_shared<const evidence::Certificate>(std::move(of.certificate)),
             std::move(of.path), std::move(of.inner_path), of.ordinal});
    }
    return true;
}

bool read_head(std::string_view bytes, LayerResult& result, std::vector<std::uint64_t>& counts) {
    Reader reader(bytes);
    head(reader, result, counts);
    return reader.ok() && reader.rest().empty();
}

bool read_entries(std::string_view bytes, std::vector<layer::PathEntry>& all) {
    const std::size_t first = all.size();
    using layer::PathEntry;
    if (!read_columns(bytes, all, &PathEntry::path, &PathEntry::ordinal, &PathEntry::kind)) {
        return false;
    }
    return std::all_of(all.begin() + static_cast<std::ptrdiff_t>(first), all.end(),
                       [](const PathEntry& e) { return e.kind <= layer::EntryKind::opaque; });
}

// Numbers that lead into other lists are only as good as the file.
bool are_sound(const layer::PackageFacts& facts, std::size_t packages, std::size_t files) {
    for (std::size_t i = packages; i < facts.packages.size(); ++i) {
        if (facts.packages[i].list >= facts.lists.size()) return false;
    }
    for (std::size_t i = files; i < facts.files.size(); ++i) {
        if (facts.files[i].package >= facts.packages.size()) return false;
        if (facts.files[i].kind > layer::DigestKind::sha256) return false;
    }
    return true;
}

bool read_unpacked(PartKind kind, std::string_view bytes, LayerResult& result) {
    const std::size_t packages = result.packages.packages.size();
    const std::size_t files = result.packages.files.size();
    using layer::ListedFile;
    switch (kind) {
    case PartKind::head: return false;
    case PartKind::findings: return read_items(bytes, result.findings);
    case PartKind::programs: return read_items(bytes, result.programs);
    case PartKind::gaps: return read_items(bytes, result.gaps);
    case PartKind::path_entries: return read_entries(bytes, result.paths.entries);
    case PartKind::hardlinks: return read_items(bytes, result.paths.hardlinks);
    case PartKind::symlinks: return read_items(bytes, result.paths.symlinks);
    case PartKind::certificates: return read_certificates(bytes, result);
    case PartKind::digests: return read_items(bytes, result.digests);
    case PartKind::package_lists: return read_items(bytes, result.packages.lists);
    case PartKind::packages:
        return read_items(bytes, result.packages.packages) &&
               are_sound(result.packages, packages, files);
    case PartKind::packaged_files:
        return read_columns(bytes, result.packages.files, &ListedFile::path, &ListedFile::digest,
                            &ListedFile::package, &ListedFile::kind, &ListedFile::below_usr) &&
               are_sound(result.packages, packages, files);
    case PartKind::file_facts: return read_items(bytes, result.file_facts.facts);
    case PartKind::documents: return read_items(bytes, result.file_facts.documents);
    }
    return false;
}

}  // namespace

bool write_parts(const LayerResult& result, const std::function<bool(const Part&)>& take) {
    PartWriter parts(take);
    Writer first;
    std::vector<std::uint64_t> counts = counts_of(result);
    head(first, const_cast<LayerResult&>(result), counts);
    parts.put(PartKind::head, 0, first.bytes());
    parts.items<layer::LayerFinding>(PartKind::findings, result.findings);
    parts.items<layer::LayerProgram>(PartKind::programs, result.programs);
    parts.items<Gap>(PartKind::gaps, result.gaps);
    using layer::PathEntry, layer::ListedFile;
    parts.columns<PathEntry>(PartKind::path_entries, result.paths.entries, &PathEntry::path,
                             &PathEntry::ordinal, &PathEntry::kind);
    parts.items<layer::Link>(PartKind::hardlinks, result.paths.hardlinks);
    parts.items<layer::Link>(PartKind::symlinks, result.paths.symlinks);
    std::vector<KeptCertificate> certificates;
    certificates.reserve(result.certificates.size());
    for (const layer::LayerCertificate& of : result.certificates) {
        certificates.push_back({*of.certificate, of.path, of.inner_path, of.ordinal});
    }
    parts.items<KeptCertificate>(PartKind::certificates, certificates);
    parts.items<layer::MemberDigest>(PartKind::digests, result.digests);
    parts.items<layer::PackageList>(PartKind::package_lists, result.packages.lists);
    parts.items<layer::ListedPackage>(PartKind::packages, result.packages.packages);
    parts.columns<ListedFile>(PartKind::packaged_files, result.packages.files, &ListedFile::path,
                              &ListedFile::digest, &ListedFile::package, &ListedFile::kind,
                              &ListedFile::below_usr);
    parts.items<layer::FileFact>(PartKind::file_facts, result.file_facts.facts);
    parts.items<layer::SmallDocument>(PartKind::documents, result.file_facts.documents);
    return parts.ok();
}

bool PartReader::add(PartKind kind, std::uint64_t first, std::string_view packed) {
    const auto bytes = unpack(packed);
    if (!bytes || kind > last_part_kind) return sound_ = false;
    if (kind == PartKind::head) {
        return sound_ = counts_.empty() && read_head(*bytes, result_, counts_);
    }
    const std::vector<std::uint64_t> there = counts_of(result_);
    sound_ = sound_ && first == there[static_cast<std::size_t>(kind)] &&
             read_unpacked(kind, *bytes, result_);
    return sound_;
}

std::optional<LayerResult> PartReader::take() {
    if (!sound_ || counts_ != counts_of(result_)) return std::nullopt;
    return std::move(result_);
}

std::optional<std::vector<layer::LayerFinding>> read_findings(std::string_view packed) {
    const auto bytes = unpack(packed);
    std::vector<layer::LayerFinding> all;
    if (!bytes || !read_items(*bytes, all)) return std::nullopt;
    return all;
}

std::optional<std::vector<layer::LayerProgram>> read_programs(std::string_view packed) {
    const auto bytes = unpack(packed);
    std::vector<layer::LayerProgram> all;
    if (!bytes || !read_items(*bytes, all)) return std::nullopt;
    return all;
}

std::string write_facts(const image::ImageFacts& facts) {
    Writer writer;
    writer.all(facts);
    return pack(writer.bytes());
}

std::optional<image::ImageFacts> read_facts(std::string_view packed) {
    const auto bytes = unpack(packed);
    if (!bytes) return std::nullopt;
    image::ImageFacts facts;
    Reader reader(*bytes);
    reader.all(facts);
    if (!reader.ok() || !reader.rest().empty()) return std::nullopt;
    return facts;
}

}  // namespace stratascan::store
