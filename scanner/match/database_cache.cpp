#include "scanner/match/database_cache.hpp"

#include <fcntl.h>
#include <openssl/sha.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>

#include "scanner/match/wire.hpp"

namespace stratascan::match {

namespace {

constexpr std::string_view magic = "stratascan database 2\n";
constexpr off_t largest_cache = off_t{256} << 20;

std::string digest_of(std::string_view bytes) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string cache_folder() {
    if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache != '\0') {
        return std::string(cache) + "/stratascan";
    }
    if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
        return std::string(home) + "/.cache/stratascan";
    }
    return {};
}

bool ours(const struct stat& status) {
    return status.st_uid == ::geteuid() && (status.st_mode & 022U) == 0;
}

std::string read_cache(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (file < 0) return {};
    struct stat status {};
    std::string bytes;
    if (::fstat(file, &status) == 0 && S_ISREG(status.st_mode) && ours(status) &&
        status.st_size < largest_cache) {
        bytes.resize(static_cast<std::size_t>(status.st_size));
        if (::read(file, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
            bytes.clear();
        }
    }
    ::close(file);
    return bytes;
}

/// Why it could not be kept; empty where it was.
std::string write_cache(const std::string& path, std::string_view bytes) {
    std::string draft = path + ".XXXXXX";
    const int file = ::mkostemp(draft.data(), O_CLOEXEC);
    if (file < 0) return std::strerror(errno);
    int why = 0;
    while (why == 0 && !bytes.empty()) {
        const ssize_t done = ::write(file, bytes.data(), bytes.size());
        if (done >= 0) bytes.remove_prefix(static_cast<std::size_t>(done));
        else if (errno != EINTR) why = errno;
    }
    if (::close(file) != 0 && why == 0) why = errno;
    if (why == 0 && ::rename(draft.c_str(), path.c_str()) != 0) why = errno;
    if (why == 0) return {};
    ::unlink(draft.c_str());
    return std::strerror(why);
}

// What a database depends on: rules, engine, and the processor it is for.
std::string cache_key(const RuleSet& rules) {
    hs_platform_info_t platform{};
    hs_populate_platform(&platform);
    WireWriter key;
    key.text(rules.hash());
    key.text(hs_version());
    key.number(platform.cpu_features);
    key.number(platform.tune);
    return key.bytes();
}

// The bytes kept under `key`; nothing when they are another key's, or damaged.
std::optional<std::string> sound_bytes(const std::string& kept, const std::string& key) {
    WireReader in(kept);
    if (in.view() != magic || in.view() != key) return std::nullopt;
    const std::string_view digest = in.view();
    const std::string_view bytes = in.view();
    if (!in.ok() || digest_of(bytes) != digest) return std::nullopt;
    return std::string(bytes);
}

// That the folder is there, and nobody else could have put anything into it.
Result<void> check_folder(const std::string& folder) {
    struct stat status {};
    if (::lstat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) || !ours(status)) {
        return fail(ErrorCode::unreadable, "it is another user's, or others may write it", folder);
    }
    return {};
}

/// Why it could not be kept; empty where it was.
std::string keep(const std::string& folder, const std::string& path, const std::string& key,
                 const std::string& bytes) {
    if (folder.empty()) return "there is no home folder";
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) return folder + ": " + error.message();
    if (const auto safe = check_folder(folder); !safe) return safe.error().message();
    WireWriter out;
    out.text(magic);
    out.text(key);
    out.text(digest_of(bytes));
    out.text(bytes);
    const std::string why = write_cache(path, out.bytes());
    return why.empty() ? why : path + ": " + why;
}

// The compiled rules, kept for the next time.
Result<std::string> cached_bytes(const RuleSet& rules, const Outside& outside,
                                 std::string& unkept) {
    const std::string folder = cache_folder();
    const std::string path = folder + "/" + rules.hash() + ".hsdb";
    const std::string key = cache_key(rules);
    if (!folder.empty() && check_folder(folder)) {
        if (auto kept = sound_bytes(read_cache(path), key)) return std::move(*kept);
    }
    const auto compiled = Database::compile(rules);
    if (!compiled) return std::unexpected(compiled.error());
    auto bytes = (*compiled)->serialize();
    if (bytes) outside([&] { unkept = keep(folder, path, key, *bytes); });
    return bytes;
}

}  // namespace

Result<std::shared_ptr<const Database>> cached_database(const RuleSet& rules,
                                                        const Outside& outside,
                                                        std::string& unkept) {
    const auto bytes = cached_bytes(rules, outside, unkept);
    if (!bytes) return std::unexpected(bytes.error());
    auto database = Database::deserialize(*bytes, "native");
    return database ? database : Database::compile(rules);
}

}  // namespace stratascan::match
