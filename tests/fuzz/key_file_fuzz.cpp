// Any bytes as the file of the key that names secrets: refused or read, never told; and under a
// key that was read, a secret has one name, however a PEM block is wrapped. The file is what
// stands before the first NUL pair, the secret what stands behind it.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "scanner/identity/secret_key.hpp"
#include "tests/support/scanning.hpp"

namespace {

using namespace stratascan;

constexpr std::size_t least_key_bytes = 16;

void check_name(const std::string& name, std::string_view secret) {
    constexpr std::string_view begin = "hmac-sha256:";
    if (name.size() != begin.size() + 64 || !name.starts_with(begin)) __builtin_trap();
    if (name.find_first_not_of("0123456789abcdef", begin.size()) != std::string::npos) {
        __builtin_trap();
    }
    if (secret.size() > 20 && name.find(secret) != std::string::npos) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const test::TempDir folder;
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::size_t cut = std::min(input.find(std::string_view("\0\0", 2)), input.size());
    const std::string bytes(input.substr(0, cut));
    const std::string secret(input.substr(std::min(cut + 2, input.size())));

    const std::string path = folder.write("key", bytes);
    std::filesystem::permissions(path, std::filesystem::perms::owner_read |
                                           std::filesystem::perms::owner_write);
    const auto key = identity::SecretKey::load(path);
    if (key.has_value() != (bytes.size() >= least_key_bytes)) __builtin_trap();
    if (!key) {
        // What was too short to be a key may be a password all the same: of files of one size all
        // errors are alike, whatever they hold.
        const std::string other = folder.write("other", std::string(bytes.size(), '?'));
        std::filesystem::permissions(other, std::filesystem::perms::owner_read |
                                                std::filesystem::perms::owner_write);
        const auto refused = identity::SecretKey::load(other);
        if (refused || refused.error().what != key.error().what ||
            refused.error().hint != key.error().hint) {
            __builtin_trap();
        }
        return 0;
    }
    const std::string name = key->name(secret);
    check_name(name, secret);
    const auto again = identity::SecretKey::load(path);
    if (!again || again->name(secret) != name || again->public_id() != key->public_id()) {
        __builtin_trap();
    }
    if (key->name(secret + "x") == name) __builtin_trap();
    // A line may be broken behind its head, and nowhere within that.
    const std::size_t head = std::min(secret.find("-----\n"), secret.size());
    if (secret.starts_with("-----BEGIN") && head < secret.size()) {
        std::string wrapped = secret;
        const std::size_t at = std::max(head + 6, wrapped.size() / 2);
        wrapped.insert(at, wrapped[at - 1] == '\\' ? "" : "\n");
        if (key->name(wrapped) != name) __builtin_trap();
    }
    const std::string shown = identity::redact(secret, size % 24);
    for (const char c : shown) {
        if (c < ' ' || c > '~') __builtin_trap();
    }
    return 0;
}
