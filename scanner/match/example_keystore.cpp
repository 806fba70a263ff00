// PKCS #12 is made by OpenSSL. Java's own form is written here: what stands for the
// encrypted key in it is drawn, for only Java's passwords tell the difference.
#include "scanner/match/example_keystore.hpp"

#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <array>
#include <map>
#include <memory>
#include <mutex>

#include "scanner/evidence/codec.hpp"
#include "scanner/evidence/public_part.hpp"

namespace stratascan::match {

namespace {

std::string random_bytes(std::size_t size) {
    std::string bytes(size, '\0');
    RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(size));
    return bytes;
}

std::string pkcs12_store(const std::string& password) {
    const evidence::KeyHandle key(EVP_EC_gen("P-256"));
    if (!key) return {};
    const std::unique_ptr<PKCS12, decltype(&PKCS12_free)> store(
        PKCS12_create(password.c_str(), "example", key.get(), nullptr, nullptr, 0, 0, 2048, 2048, 0),
        &PKCS12_free);
    if (!store) return {};
    unsigned char* der = nullptr;
    const int size = i2d_PKCS12(store.get(), &der);
    if (size <= 0) return {};
    std::string bytes(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return bytes;
}

std::string big_endian(std::uint64_t value, int size) {
    std::string bytes;
    for (int i = size - 1; i >= 0; --i) bytes.push_back(static_cast<char>(value >> (8 * i)));
    return bytes;
}

std::string java_store(bool with_key, std::string_view password) {
    const std::string certificate =
        big_endian(5, 2) + "X.509" + big_endian(300, 4) + random_bytes(300);
    std::string store = big_endian(0xfeedfeed, 4) + big_endian(2, 4) + big_endian(with_key ? 2 : 1, 4);
    const std::string date = big_endian(1'700'000'000'000, 8);
    if (with_key) {
        store += big_endian(1, 4) + big_endian(6, 2) + "server" + date + big_endian(700, 4) +
                 random_bytes(700) + big_endian(1, 4) + certificate;
    }
    store += big_endian(2, 4) + big_endian(2, 2) + "ca" + date + certificate;
    std::string text;
    for (const char c : password) text += std::string(1, '\0') + c;
    text += "Mighty Aphrodite" + store;
    std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
    SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    return store.append(reinterpret_cast<const char*>(digest.data()), digest.size());
}

std::string make(std::string_view kind) {
    const std::string drawn = evidence::hex(random_bytes(12));
    if (kind == "pkcs12") return pkcs12_store(drawn);
    if (kind == "pkcs12-changeit") return pkcs12_store("changeit");
    if (kind == "jks") return java_store(true, drawn);
    if (kind == "jks-changeit") return java_store(true, "changeit");
    if (kind == "jks-certificates") return java_store(false, "changeit");
    return {};
}

}  // namespace

std::string example_keystore(std::string_view kind) {
    static std::mutex guard;
    static std::map<std::string, std::string, std::less<>> made;
    const std::lock_guard lock(guard);
    if (const auto found = made.find(kind); found != made.end()) return found->second;
    std::string bytes = make(kind);
    if (!bytes.empty()) made.emplace(kind, bytes);
    return bytes;
}

}  // namespace stratascan::match
