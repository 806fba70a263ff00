#include "scanner/identity/secret_key.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <new>

namespace stratascan::identity {

namespace {

constexpr std::size_t made_key_bytes = 32;
constexpr std::size_t least_key_bytes = 16;
constexpr std::size_t most_key_bytes = 4096;

class File {
public:
    explicit File(int descriptor) : descriptor_(descriptor) {}
    ~File() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    [[nodiscard]] int get() const noexcept { return descriptor_; }

private:
    int descriptor_;
};

std::string default_path() {
    if (const char* config = std::getenv("XDG_CONFIG_HOME"); config != nullptr && *config != '\0') {
        return std::string(config) + "/stratascan/key";
    }
    if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
        return std::string(home) + "/.config/stratascan/key";
    }
    return {};
}

Result<std::string> read_key(const std::string& path) {
    // A pipe without a writer would keep us waiting; it is refused below.
    const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status {};
    if (file.get() < 0 || ::fstat(file.get(), &status) != 0) {
        return fail(errno == ENOENT ? ErrorCode::not_found : ErrorCode::unreadable,
                    fmt::format("the key can't be read: {}", std::strerror(errno)), path);
    }
    if (status.st_uid != ::geteuid() && status.st_uid != 0) {
        return fail(ErrorCode::invalid_argument, "the key belongs to somebody else", path,
                    "name another with --key-file");
    }
    if (!S_ISREG(status.st_mode) || (status.st_mode & 077U) != 0) {
        return fail(ErrorCode::invalid_argument, "others may read or write the key", path,
                    "chmod 600 it, or name another with --key-file");
    }
    std::string bytes(most_key_bytes, '\0');
    const ssize_t size = ::read(file.get(), bytes.data(), bytes.size());
    if (size < 0) {
        return fail(ErrorCode::unreadable,
                    fmt::format("the key can't be read: {}", std::strerror(errno)), path);
    }
    if (static_cast<std::size_t>(size) < least_key_bytes) {
        OPENSSL_cleanse(bytes.data(), bytes.size());
        return fail(ErrorCode::invalid_argument,
                    fmt::format("the key has {} bytes, at least {} are needed", size,
                                least_key_bytes),
                    path);
    }
    bytes.resize(static_cast<std::size_t>(size));
    return bytes;
}

bool write_whole(int file, const unsigned char* bytes, std::size_t size) {
    while (size > 0) {
        const ssize_t done = ::write(file, bytes, size);
        if (done < 0 && errno != EINTR) return false;
        const auto part = static_cast<std::size_t>(std::max<ssize_t>(done, 0));
        bytes += part;
        size -= part;
    }
    return true;
}

// Written under another name and linked into place, so that two processes that
// start together agree on one key and nobody reads half of it.
Result<void> make_key(const std::string& path) {
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
    std::string draft = path + ".XXXXXX";
    const File file(::mkostemp(draft.data(), O_CLOEXEC));
    std::array<unsigned char, made_key_bytes> bytes{};
    const bool written = file.get() >= 0 && RAND_bytes(bytes.data(), bytes.size()) == 1 &&
                         write_whole(file.get(), bytes.data(), bytes.size()) &&
                         ::fsync(file.get()) == 0;
    const int why = errno;
    OPENSSL_cleanse(bytes.data(), bytes.size());
    const bool placed = written && (::link(draft.c_str(), path.c_str()) == 0 || errno == EEXIST);
    if (file.get() >= 0) ::unlink(draft.c_str());
    if (!placed) {
        return fail(ErrorCode::unreadable,
                    fmt::format("the key that names secrets can't be made: {}",
                                std::strerror(written ? errno : why)),
                    path, "name a key with --key-file");
    }
    return {};
}

// A PEM block without what wrapping adds.
std::string unwrapped(std::string_view secret) {
    std::string text;
    text.reserve(secret.size());
    for (std::size_t i = 0; i < secret.size(); ++i) {
        const char c = secret[i];
        const bool escape = c == '\\' && i + 1 < secret.size() &&
                            (secret[i + 1] == 'n' || secret[i + 1] == 'r');
        if (escape) {
            ++i;
        } else if (c != '\n' && c != '\r' && c != ' ' && c != '\t') {
            text += c;
        }
    }
    return text;
}

void add(EVP_MAC_CTX& mac, std::string_view bytes) {
    if (EVP_MAC_update(&mac, reinterpret_cast<const unsigned char*>(bytes.data()),
                       bytes.size()) != 1) {
        throw std::bad_alloc();
    }
}

std::string finish(EVP_MAC_CTX& mac) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    std::size_t size = 0;
    // Of a sound key nothing else can fail, and a wrong name would be a lie.
    if (EVP_MAC_final(&mac, bytes.data(), &size, bytes.size()) != 1) throw std::bad_alloc();
    constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    hex.reserve(2 * size);
    for (std::size_t i = 0; i < size; ++i) {
        hex += digits[bytes[i] >> 4U];
        hex += digits[bytes[i] & 15U];
    }
    return hex;
}

}  // namespace

void SecretKey::FreeMac::operator()(evp_mac_ctx_st* mac) const noexcept { EVP_MAC_CTX_free(mac); }

Result<SecretKey> SecretKey::load(const std::string& path) {
    const std::string place = path.empty() ? default_path() : path;
    if (place.empty()) {
        return fail(ErrorCode::not_found, "there is no home folder to keep the key in", {},
                    "name a key with --key-file");
    }
    auto bytes = read_key(place);
    if (!bytes && path.empty() && bytes.error().code == ErrorCode::not_found) {
        if (const auto made = make_key(place); !made) return std::unexpected(made.error());
        bytes = read_key(place);
    }
    if (!bytes) return std::unexpected(bytes.error());
    return prepared(std::move(*bytes));
}

Result<SecretKey> SecretKey::load_or_pass(const std::string& path, std::string& why) {
    auto key = load(path);
    const std::string place = path.empty() ? default_path() : std::string();
    struct stat status {};
    const bool missing = path.empty() && (place.empty() || ::stat(place.c_str(), &status) != 0);
    if (key || !missing) return key;
    why = key.error().message();
    return passing();
}

Result<SecretKey> SecretKey::prepared(std::string bytes) {
    EVP_MAC* const hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    Mac mac(hmac != nullptr ? EVP_MAC_CTX_new(hmac) : nullptr);
    EVP_MAC_free(hmac);
    std::string digest = "SHA256";
    const std::array<OSSL_PARAM, 2> parameters = {
        OSSL_PARAM_construct_utf8_string("digest", digest.data(), digest.size()),
        OSSL_PARAM_construct_end()};
    const bool ready = mac != nullptr &&
                       EVP_MAC_init(mac.get(),
                                    reinterpret_cast<const unsigned char*>(bytes.data()),
                                    bytes.size(), parameters.data()) == 1;
    OPENSSL_cleanse(bytes.data(), bytes.size());
    if (!ready) {
        return fail(ErrorCode::unsupported, "OpenSSL has no HMAC with SHA-256 here", {},
                    "check OpenSSL's configuration (OPENSSL_CONF)");
    }
    return SecretKey(std::move(mac));
}

Result<SecretKey> SecretKey::passing() {
    std::string bytes(made_key_bytes, '\0');
    if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()),
                   static_cast<int>(bytes.size())) != 1) {
        return fail(ErrorCode::unreadable, "the system gives no random bytes");
    }
    return prepared(std::move(bytes));
}

SecretKey::Mac SecretKey::begin() const {
    Mac mac(EVP_MAC_CTX_dup(mac_.get()));
    if (!mac) throw std::bad_alloc();
    return mac;
}

std::string SecretKey::public_id() const {
    // No secret is named so: names begin with another text.
    const Mac mac = begin();
    add(*mac, std::string_view("key id\0", 7));
    return finish(*mac).substr(0, 32);
}

std::string SecretKey::name(std::string_view secret) const {
    const Mac mac = begin();
    add(*mac, std::string_view("secret\0", 7));
    if (secret.starts_with("-----BEGIN")) {
        std::string text = unwrapped(secret);
        add(*mac, text);
        OPENSSL_cleanse(text.data(), text.size());
    } else {
        add(*mac, secret);
    }
    return "hmac-sha256:" + finish(*mac);
}

std::string redact(std::string_view secret, std::size_t public_prefix) {
    // Of a short secret nothing is shown, whatever the rule says.
    const std::size_t shown = secret.size() >= 16 ? std::min(public_prefix, secret.size() / 3) : 0;
    std::string prefix(secret.substr(0, shown));
    std::replace_if(prefix.begin(), prefix.end(), [](char c) { return c < ' ' || c > '~'; }, '.');
    return fmt::format("{}**** ({} characters)", prefix, secret.size());
}

}  // namespace stratascan::identity
