// Content decides what a path is; the user decides only with a scheme. The
// order of questions: is it a folder, a stream, or a file; is the file
// compressed; does it hold images. A file that holds none is a layer.
#include "scanner/source/target.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include "scanner/source/file_blob.hpp"
#include "scanner/source/image_archive.hpp"
#include "scanner/source/layer_file.hpp"
#include "scanner/source/legacy_archive.hpp"
#include "scanner/source/oci_layout.hpp"
#include "scanner/source/sniff.hpp"
#include "scanner/source/stream_archive.hpp"

namespace stratascan::source {

namespace {

using Opened = Result<std::unique_ptr<ImageSource>>;

/// What the user asked for beside the target's name.
struct Wanted {
    Selection selection;
    StreamLimits limits;
};

constexpr std::array<std::pair<std::string_view, Scheme>, 7> schemes = {
    {{"oci:", Scheme::oci},
     {"oci-archive:", Scheme::oci_archive},
     {"docker-archive:", Scheme::docker_archive},
     {"layer:", Scheme::layer},
     {"dir:", Scheme::dir},
     {"docker-daemon:", Scheme::docker_daemon},
     {"registry:", Scheme::registry}}};

Opened open_registry_image(const std::string& name, Wanted wanted, RemoteTargets* remote) {
    if (remote == nullptr) return fail(ErrorCode::unsupported, "registries are not read here", name);
    return remote->registry_image(name, std::move(wanted.selection));
}

Opened open_daemon_image(const std::string& name, Wanted wanted, RemoteTargets* remote) {
    if (remote == nullptr) return fail(ErrorCode::unsupported, "engines are not asked here", name);
    return remote->daemon_image(name, std::move(wanted.selection), wanted.limits);
}

std::unexpected<Error> wrong_scheme(const std::string& path, const char* what) {
    return fail(ErrorCode::invalid_argument, what, path,
                "without a scheme the target is recognised by its content");
}

StreamForm stream_form(Scheme scheme) noexcept {
    switch (scheme) {
        case Scheme::oci_archive: return StreamForm::oci_archive;
        case Scheme::docker_archive: return StreamForm::docker_archive;
        case Scheme::layer: return StreamForm::layer;
        default: return StreamForm::by_content;
    }
}

Opened open_standard_input(Scheme scheme, Wanted wanted) {
    if (scheme == Scheme::oci || scheme == Scheme::dir) {
        return wrong_scheme("-", "standard input is no folder");
    }
    if (::isatty(STDIN_FILENO) == 1) {
        return fail(ErrorCode::invalid_argument, "standard input is a terminal", "-",
                    "pipe an archive into it");
    }
    UniqueFd fd(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
    if (fd.get() < 0) return fail(ErrorCode::unreadable, system_message(errno), "-");
    return open_stream(std::move(fd), "-", stream_form(scheme), std::move(wanted.selection),
                       wanted.limits);
}

Opened open_folder(const std::string& path, Scheme scheme, Wanted wanted) {
    if (scheme == Scheme::oci) return open_oci_layout(path, std::move(wanted.selection));
    if (scheme == Scheme::dir) return open_directory(path);
    if (scheme != Scheme::none) return wrong_scheme(path, "this is a folder");
    if (is_oci_layout(path)) return open_oci_layout(path, std::move(wanted.selection));
    return open_directory(path);
}

Opened open_pipe(const std::string& path, Scheme scheme, Wanted wanted) {
    if (scheme == Scheme::oci || scheme == Scheme::dir) return wrong_scheme(path, "no folder");
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd.get() < 0) return fail(ErrorCode::unreadable, system_message(errno), path);
    return open_stream(std::move(fd), path, stream_form(scheme), std::move(wanted.selection),
                       wanted.limits);
}

/// A compressed file on disk: an archive passes as a stream, a layer does not.
Opened open_compressed(const std::shared_ptr<const FileHandle>& file,
                       std::span<const std::byte> start, Scheme scheme, Wanted wanted) {
    if (scheme == Scheme::none && !starts_image_archive(start, wanted.limits.memory)) {
        return open_layer_file(file->path(), file->size());
    }
    return open_pipe(file->path(), scheme, std::move(wanted));
}

/// What has an image archive's files and can't be read as one: cut, or damaged. All its bytes
/// are scanned as a layer; which files an image of it had is not known.
std::string why_no_image(const ArchiveIndex& index) {
    for (const char* const document : {"index.json", "manifest.json"}) {
        if (!index.has_marker() || index.find(document) == nullptr) continue;
        return fmt::format("an image archive whose {} can't be read; scanned as one layer",
                           document);
    }
    if (index.find("oci-layout") != nullptr) {
        return "an image archive without index.json; scanned as one layer";
    }
    // As docker saves them: the manifest comes behind the layers.
    if (!index.is_of_images()) return {};
    return "an image archive without manifest.json; scanned as one layer";
}

/// An archive whose members have holes cut out is read as a stream too: then
/// libarchive puts the holes back.
Opened open_plain(std::shared_ptr<const FileHandle> file, Scheme scheme, Wanted wanted) {
    auto index = index_file(*file);
    if (!index && index.error().code == ErrorCode::malformed) {
        return fail(ErrorCode::unsupported,
                    "not an image archive, a layer or an OCI layout: " + index.error().what,
                    file->path(), "layer: scans it as a layer all the same");
    }
    if (!index) return std::unexpected(index.error());
    const ArchiveDocuments documents = find_documents(file, *index);
    if (scheme == Scheme::oci_archive && !documents.index) {
        return fail(ErrorCode::malformed, "no OCI archive: " + documents.index_problem, file->path());
    }
    if (scheme == Scheme::docker_archive && !documents.manifest && !documents.legacy_layers) {
        return fail(ErrorCode::malformed, "no docker archive: " + documents.manifest_problem,
                    file->path());
    }
    if (!documents.any()) {
        return open_layer_file(file->path(), file->size(), why_no_image(*index));
    }
    if (documents.legacy_layers && !index->has_end()) {
        index->add_gap({"", std::string(legacy_without_end), 0});
    }
    if (index->has_sparse()) {
        const bool by_content = scheme == Scheme::none;
        UniqueFd fd(::open(file->path().c_str(), O_RDONLY | O_CLOEXEC));
        if (fd.get() < 0) return fail(ErrorCode::unreadable, system_message(errno), file->path());
        return open_stream(std::move(fd), file->path(),
                           by_content ? StreamForm::archive : stream_form(scheme),
                           std::move(wanted.selection), wanted.limits);
    }
    return open_image_archive(std::move(file), *std::move(index), std::move(wanted.selection));
}

Opened open_file(const std::string& path, Scheme scheme, Wanted wanted) {
    if (scheme == Scheme::oci || scheme == Scheme::dir) {
        return wrong_scheme(path, "this is a file, not a folder");
    }
    auto file = FileHandle::open(path);
    if (!file) return std::unexpected(file.error());
    if ((*file)->size() == 0) return fail(ErrorCode::malformed, "it is empty", path);
    if (scheme == Scheme::layer) return open_layer_file(path, (*file)->size());

    std::vector<std::byte> start(sniff_bytes);
    const auto got = (*file)->read_at(0, start);
    if (!got) return std::unexpected(got.error());
    start.resize(*got);
    if (is_compressed(start)) return open_compressed(*file, start, scheme, std::move(wanted));
    return open_plain(*std::move(file), scheme, std::move(wanted));
}

/// The path that is there, and the reference behind it.
struct FoundPath {
    std::string path;
    struct stat status {};
};

Result<FoundPath> find_path(const TargetName& name, Selection& selection) {
    const bool takes_reference = name.scheme == Scheme::oci ||
                                 name.scheme == Scheme::oci_archive ||
                                 name.scheme == Scheme::docker_archive;
    int code = ENOENT;
    for (const auto& [path, reference] : split_reference(name.rest)) {
        if (!reference.empty() && !takes_reference) break;
        FoundPath found{path, {}};
        if (::stat(path.c_str(), &found.status) == 0) {
            selection.reference = reference;
            return found;
        }
        if (reference.empty()) code = errno;
    }
    if (code != ENOENT && code != ENOTDIR) {
        return fail(ErrorCode::unreadable, system_message(code), name.rest);
    }
    return fail(ErrorCode::not_found, "no such file or folder", name.rest,
                "an image of a registry is named host/repository:tag, or behind registry:");
}

bool is_reference_character(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-/:@").find(c) != std::string_view::npos;
}

}  // namespace

TargetName parse_target(std::string_view target) {
    for (const auto& [text, scheme] : schemes) {
        if (target.starts_with(text)) {
            return {scheme, std::string(target.substr(text.size()))};
        }
    }
    return {Scheme::none, std::string(target)};
}

std::vector<std::pair<std::string, std::string>> split_reference(std::string_view rest) {
    std::vector<std::pair<std::string, std::string>> ways;
    ways.emplace_back(rest, "");
    constexpr std::size_t most = 8;
    const std::size_t digest = rest.find("@sha");
    if (digest != std::string_view::npos && digest > 0) {
        ways.emplace_back(rest.substr(0, digest), rest.substr(digest + 1));
    }
    std::size_t colon = rest.rfind(':');
    while (colon != std::string_view::npos && colon > 0 && ways.size() < most) {
        if (colon + 1 < rest.size()) {
            ways.emplace_back(rest.substr(0, colon), rest.substr(colon + 1));
        }
        colon = rest.rfind(':', colon - 1);
    }
    return ways;
}

bool looks_like_registry_reference(std::string_view text) noexcept {
    if (text.find("://") != std::string_view::npos) return true;
    if (text.empty() || text.front() == '/' || text.front() == '.' || text.front() == '~') {
        return false;
    }
    if (!std::ranges::all_of(text, is_reference_character)) return false;
    if (text.find('@') != std::string_view::npos || text.find(':') != std::string_view::npos) {
        return true;
    }
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return false;
    const std::string_view host = text.substr(0, slash);
    return host == "localhost" || host.find('.') != std::string_view::npos;
}

bool is_remote_target(std::string_view target) {
    const TargetName name = parse_target(target);
    if (name.scheme == Scheme::registry || name.scheme == Scheme::docker_daemon) return true;
    if (name.scheme != Scheme::none || !looks_like_registry_reference(name.rest)) return false;
    Selection unused;
    const auto found = find_path(name, unused);
    return !found && found.error().code == ErrorCode::not_found;
}

Result<std::unique_ptr<ImageSource>> open_target(std::string_view target,
                                                 std::string_view platform,
                                                 const StreamLimits& limits,
                                                 RemoteTargets* remote) {
    Wanted wanted{{}, limits};
    if (!platform.empty()) {
        auto parsed = parse_platform(platform);
        if (!parsed) return std::unexpected(parsed.error());
        wanted.selection.platform = *std::move(parsed);
    }
    const TargetName name = parse_target(target);
    if (name.scheme == Scheme::registry) {
        return open_registry_image(name.rest, std::move(wanted), remote);
    }
    if (name.scheme == Scheme::docker_daemon) {
        return open_daemon_image(name.rest, std::move(wanted), remote);
    }
    if (name.rest.empty() || name.rest.find('\0') != std::string::npos) {
        return fail(ErrorCode::invalid_argument, "the target names no path", std::string(target));
    }
    if (name.rest == "-") return open_standard_input(name.scheme, std::move(wanted));

    const auto found = find_path(name, wanted.selection);
    if (!found) {
        const bool elsewhere = name.scheme == Scheme::none &&
                               found.error().code == ErrorCode::not_found &&
                               looks_like_registry_reference(name.rest);
        if (elsewhere) return open_registry_image(name.rest, std::move(wanted), remote);
        return std::unexpected(found.error());
    }
    const mode_t mode = found->status.st_mode;
    if (S_ISDIR(mode)) return open_folder(found->path, name.scheme, std::move(wanted));
    if (S_ISREG(mode)) return open_file(found->path, name.scheme, std::move(wanted));
    if (S_ISFIFO(mode)) return open_pipe(found->path, name.scheme, std::move(wanted));
    return fail(ErrorCode::unsupported, "neither a file, a folder nor a pipe", found->path);
}

}  // namespace stratascan::source
