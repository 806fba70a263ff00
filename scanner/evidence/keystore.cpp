// Stores of keys in binary files: PKCS #12 (RFC 7292) and Java's JKS and JCEKS
// (the format is that of OpenJDK's sun.security.provider.JavaKeyStore). Their keys
// are encrypted under a password, and most of those in images have one that
// everybody knows. A store's own checksum says whether a password is right, so no
// key is ever decrypted here. Numbers of rounds come from outside: a file full of
// stores would make hours of them, so they are limited over all tries.
#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/sha.h>

#include <array>
#include <cstdint>
#include <memory>

#include "scanner/evidence/checks.hpp"
#include "scanner/evidence/codec.hpp"
#include "scanner/evidence/fields.hpp"

namespace stratascan::evidence::checks {

namespace {

// What tools and guides set when nobody chooses.
constexpr std::array<const char*, 6> usual_passwords = {"", "changeit", "changeme", "password",
                                                        "secret", "123456"};
// The two that matter, within rounds that take a third of a millisecond.
constexpr std::array<const char*, 2> usual_store_passwords = {"changeit", ""};
constexpr std::int64_t most_rounds = 4096;

struct FreeStore {
    void operator()(PKCS12* store) const noexcept { PKCS12_free(store); }
};

/// The password that a store's checksum accepts; nullptr when it is none of those,
/// or takes too many rounds to tell.
const char* usual_password(PKCS12& store) {
    const ASN1_INTEGER* rounds = nullptr;
    PKCS12_get0_mac(nullptr, nullptr, nullptr, &rounds, &store);
    std::int64_t each = 1, spent = 0;
    if (rounds != nullptr && ASN1_INTEGER_get_int64(&each, rounds) != 1) return nullptr;
    if (each < 1 || each > most_rounds) return nullptr;
    for (const char* const password : usual_store_passwords) {
        spent += each;
        if (spent > most_rounds) return nullptr;
        if (PKCS12_verify_mac(&store, password, -1) == 1) return password;
    }
    return nullptr;
}

std::string opened_by(const char* password) {
    if (password == nullptr) return {};
    return *password == '\0' ? ", opens without a password" : ", opens with a well-known password";
}

struct JavaStore {
    std::uint64_t keys = 0, certificates = 0, secrets = 0;
    bool whole = false;     ///< all entries are seen
    std::size_t entries_end = 0;
};

constexpr std::uint64_t private_key_tag = 1, certificate_tag = 2, secret_key_tag = 3;

JavaStore read_java_store(std::string_view bytes) {
    JavaStore store;
    Fields fields(bytes);
    fields.skip(4);
    const std::uint64_t version = fields.number(4), count = fields.number(4);
    const auto skip_certificate = [&] {
        if (version == 2) fields.skip(fields.number(2));
        fields.skip(fields.number(4));
    };
    std::uint64_t entry = 0;
    for (; entry < count && !fields.cut(); ++entry) {
        const std::uint64_t tag = fields.number(4);
        fields.skip(fields.number(2));  // alias
        fields.skip(8);                 // date
        if (fields.cut()) break;
        if (tag == private_key_tag) {
            ++store.keys;
            fields.skip(fields.number(4));
            const std::uint64_t chain = fields.number(4);
            for (std::uint64_t i = 0; i < chain && !fields.cut(); ++i) skip_certificate();
        } else if (tag == certificate_tag) {
            ++store.certificates;
            skip_certificate();
        } else {
            // A secret key is a serialized object, whose end only Java tells.
            if (tag == secret_key_tag) ++store.secrets;
            return store;
        }
    }
    store.whole = entry == count && !fields.cut();
    store.entries_end = fields.at();
    return store;
}

/// The checksum is SHA-1 over the password in UTF-16, a phrase, and the entries.
bool opens_with(std::string_view entries, std::string_view sum, std::string_view password) {
    std::string text;
    for (const char c : password) {
        text.push_back('\0');
        text.push_back(c);
    }
    text += "Mighty Aphrodite";
    text += entries;
    std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
    SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    return sum == std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size());
}

std::string counted(std::uint64_t count, std::string_view what) {
    return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

}  // namespace

Output pkcs12(const Input& input) {
    const std::string_view bytes = seen_from_match(input);
    ERR_set_mark();
    const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
    const std::unique_ptr<PKCS12, FreeStore> store(
        d2i_PKCS12(nullptr, &at, static_cast<long>(bytes.size())));
    Output output = outcome(Evidence::pattern, "its end is out of sight or damaged", -1);
    if (store) {
        const char* const password = usual_password(*store);
        output = outcome(Evidence::well_formed, "PKCS #12" + opened_by(password),
                         password != nullptr ? 1 : 0);
    }
    ERR_pop_to_mark();
    return output;
}

Output java_keystore(const Input& input) {
    const std::string_view bytes = seen_from_match(input);
    const JavaStore store = read_java_store(bytes);
    if (store.keys == 0 && store.secrets == 0) {
        if (store.whole) return not_a_secret("only certificates");
        return outcome(Evidence::pattern, "no key in the part that is in sight", -2);
    }
    std::string detail = "Java keystore, ";
    detail += store.keys > 0 ? counted(store.keys, "private key") : counted(store.secrets, "secret key");
    if (store.certificates > 0) detail += ", " + counted(store.certificates, "certificate");
    const char* opener = nullptr;
    if (store.whole && bytes.size() >= store.entries_end + SHA_DIGEST_LENGTH) {
        const std::string_view sum = bytes.substr(store.entries_end, SHA_DIGEST_LENGTH);
        for (const char* const password : usual_passwords) {
            if (!opens_with(bytes.substr(0, store.entries_end), sum, password)) continue;
            opener = password;
            break;
        }
    }
    return outcome(Evidence::well_formed, detail + opened_by(opener), opener != nullptr ? 1 : 0);
}

}  // namespace stratascan::evidence::checks
