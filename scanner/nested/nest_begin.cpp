// What a level becomes once it is known what its bytes are, and what memory it gets.
#include <fmt/format.h>

#include <algorithm>

#include "scanner/layer/lzw.hpp"
#include "scanner/nested/class_file.hpp"
#include "scanner/nested/git_object.hpp"
#include "scanner/nested/git_pack.hpp"
#include "scanner/nested/inflate.hpp"
#include "scanner/nested/nest.hpp"
#include "scanner/nested/pyc.hpp"
#include "scanner/nested/sqlite.hpp"
#include "scanner/nested/upx.hpp"

namespace stratascan::nested {

namespace {

// Those of zlib and the old lzma are weak magic: damage tells something only behind so much.
constexpr std::uint64_t weak_believed_past = 64 << 10;
// A table of compress's that is none is wrong within a few codes.
constexpr std::uint64_t compress_believed_past = 256;

// Four bytes of magic and fields that hold: what gives nothing then is cut or damaged.
bool is_known_at_once(Format format) {
    return format == Format::zstd || format == Format::bzip2 || format == Format::xz ||
           format == Format::lzip || format == Format::lz4;
}

layer::Compression compression_of(Packing packing) {
    switch (packing) {
        case Packing::bzip2: return layer::Compression::bzip2;
        case Packing::zstd: return layer::Compression::zstd;
        default: return layer::Compression::xz;
    }
}

std::unique_ptr<ArchiveParser> make_parser(Format format) {
    switch (format) {
        case Format::tar: return make_tar_parser();
        case Format::zip: return make_zip_parser();
        case Format::ar: return make_ar_parser();
        case Format::cpio: return make_cpio_parser();
        case Format::script: return make_script_parser();
        case Format::elf: return make_elf_parser();
        default: return make_rpm_parser();
    }
}

std::unique_ptr<layer::Decoder> make_decoder(Format format, Packing packing,
                                             std::uint64_t memory) {
    if (packing == Packing::deflate) return make_deflate_decoder();
    if (packing == Packing::lzma) return make_zip_lzma_decoder(memory);
    layer::DecoderOptions options;
    options.memory = layer::decoder_memory_within(memory);
    if (packing != Packing::stored) return layer::make_decoder(compression_of(packing), options);
    switch (format) {
        case Format::zlib: return make_zlib_decoder();
        case Format::lzip: return layer::make_lzip_decoder(memory);
        case Format::lzma: return layer::make_lzma_decoder(memory);
        case Format::lz4: return layer::make_lz4_decoder();
        case Format::compress: return layer::make_compress_decoder();
        default: return layer::make_gzip_decoder(options);
    }
}

Packing packing_of(Format format) {
    switch (format) {
        case Format::bzip2: return Packing::bzip2;
        case Format::zstd: return Packing::zstd;
        case Format::xz: return Packing::xz;
        default: return Packing::stored;  // others have decoders of their own
    }
}

}  // namespace

void Nest::begin_container(Level& level, Format format) {
    level.kind = Level::Kind::leaf;
    level.format = format;
    if (format == Format::none) {
        level.seeks_zip = !level.hidden && !level.packed;
        const std::string& name = level.place ? level.place->step : host_->path;
        if (may_be_git_ref(name)) level.ref_text = std::make_unique<std::string>();
        return;
    }
    if (may_have_appended(format) || has_constants(format)) {
        level.inner_depth = level.depth;
        if (!exhausted_.empty()) return;
        level.kind = Level::Kind::archive;
        begin_parser(level);
        return;
    }
    if (is_unopened(format)) {
        level.gap = fmt::format("{} archive: not opened", to_string(format));
        return;
    }
    const bool archive = format == Format::tar || format == Format::ar ||
                         format == Format::cpio || format == Format::git_object;
    const bool wrapped = level.wraps == Level::Wraps::everything ||
                         (level.wraps == Level::Wraps::archives && archive);
    level.inner_depth = level.depth + (wrapped ? 0 : 1);
    if (level.inner_depth > limits_.depth) {
        level.gap = fmt::format("{}: containers are nested more than {} levels deep",
                                to_string(format), limits_.depth);
    } else if (!exhausted_.empty()) {
        level.gap = exhausted_;
    } else if (is_compression(format)) {
        begin_decoder(level, packing_of(format));
    } else {
        level.kind = Level::Kind::archive;
        begin_parser(level);
    }
}

void Nest::begin_parser(Level& level) {
    if (level.format == Format::sqlite) {
        level.parser = make_sqlite_parser(memory_left());
        return;
    }
    if (level.format == Format::sqlite_wal) {
        level.parser = make_sqlite_wal_parser(memory_left());
        return;
    }
    if (has_constants(level.format)) {
        const bool is_class = level.format == Format::class_file;
        level.parser = make_constants_parser(is_class ? read_class_constants : read_pyc_constants,
                                             to_string(level.format), memory_left());
        return;
    }
    if (level.format == Format::upx) {
        level.parser = make_upx_parser(memory_left());
        return;
    }
    if (level.format != Format::git_pack && level.format != Format::git_bundle &&
        level.format != Format::git_object) {
        level.parser = make_parser(level.format);
        return;
    }
    // A loose object is called by what git calls it, not by its compression.
    if (level.format == Format::git_object) level.place = level.place->outer;
    const NamesIn names = names_of(level.place.get());
    const GitFileName name = git_file_name(names.back());
    const std::uint32_t repository = history_.repository(names);
    const std::uint64_t memory = memory_left();
    if (level.format == Format::git_pack) {
        level.parser = make_git_pack_parser(history_, repository, name.hash, memory);
    } else if (level.format == Format::git_bundle) {
        level.parser = make_git_bundle_parser(history_, repository, memory);
    } else {
        level.parser = make_git_object_parser(history_, repository, name.hash, name.claimed,
                                              memory / 16);
    }
}

NamesIn Nest::names_of(const layer::InnerPlace* place) const {
    NamesIn names = {host_->path};
    if (place == nullptr) return names;
    for (std::string& step : place->steps()) names.push_back(std::move(step));
    return names;
}

// What is open holds some of it already.
std::uint64_t Nest::memory_left() const {
    std::uint64_t held = history_.memory();
    for (const auto& level : levels_) {
        if (level->decoder) held += level->decoder->hold();
        if (level->parser) held += level->parser->hold();
    }
    return limits_.decoder_bytes - std::min(held, limits_.decoder_bytes);
}

// All open decoders share one allowance. Those that are at work already keep what
// they have and get no more.
void Nest::begin_decoder(Level& level, Packing packing) {
    const std::uint64_t left = memory_left();
    const bool bzip2 = packing == Packing::bzip2;
    const bool lz4 = packing == Packing::stored && level.format == Format::lz4;
    if ((bzip2 && left < layer::bzip2_bytes) || (lz4 && left < layer::lz4_bytes)) {
        level.kind = Level::Kind::leaf;
        level.gap = fmt::format("{}: the decoders round it have taken all memory",
                                bzip2 ? "bzip2" : "lz4");
        over_memory_ = true;
        return;
    }
    level.kind = Level::Kind::decoder;
    const bool weak = level.format == Format::zlib || level.format == Format::lzma;
    level.believed_past = weak ? weak_believed_past : is_known_at_once(level.format) ? 0 : 1;
    if (level.format == Format::compress) level.believed_past = compress_believed_past;
    level.decoder = make_decoder(level.format, packing, left);
    level.out = std::make_unique_for_overwrite<char[]>(decoder_buffer);
}

}  // namespace stratascan::nested
