// What a user's or a machine's files say of registries: registries.conf, and the folder of a
// host's certificates. The input is cut at NUL pairs: the name of an image, a registries.conf,
// then files of the folder, each a byte that picks its name and its contents.
//
// Wherever an image is to be had, it is the same tag or digest of a name that is one, and
// nothing of a file stands in an error.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "scanner/registry/credentials.hpp"
#include "scanner/registry/hosts.hpp"
#include "scanner/registry/registries_conf.hpp"
#include "tests/support/scanning.hpp"

namespace {

using namespace stratascan;

std::string next_piece(std::string_view& rest) {
    const std::size_t end = std::min(rest.find(std::string_view("\0\0", 2)), rest.size());
    std::string piece(rest.substr(0, end));
    rest.remove_prefix(std::min(rest.size(), end + 2));
    return piece;
}

void check_place(const registry::Place& place, const registry::Reference& asked) {
    if (place.reference.digest != asked.digest || place.reference.tag != asked.tag) {
        __builtin_trap();
    }
    const auto again = registry::parse_reference(place.reference.text());
    if (!again || again->text() != place.reference.text()) __builtin_trap();
}

void check_conf(const std::string& name, const std::string& text) {
    auto rules = registry::parse_registries_conf(text);
    if (!rules) {
        if (text.size() > 20 && rules.error().message().find(text) != std::string::npos) {
            __builtin_trap();
        }
        return;
    }
    if (rules->helpers) {
        for (const std::string& helper : *rules->helpers) {
            if (!registry::is_helper_name(helper)) __builtin_trap();
        }
    }
    std::size_t most = 1;
    for (const registry::RegistryRule& rule : rules->rules) {
        if (rule.prefix.empty()) __builtin_trap();
        most = std::max(most, rule.mirrors.size() + 1);
    }
    const registry::RegistriesConf conf(std::move(rules->rules));
    for (const std::string& image : {name, std::string("docker.io/library/alpine:3"),
                                     std::string("r.example:5000/a/b@sha256:") +
                                         std::string(64, 'a')}) {
        const auto asked = registry::parse_reference(image);
        if (!asked) continue;
        const auto places = conf.places(*asked);
        if (!places) continue;
        if (places->empty() || places->size() > most) __builtin_trap();
        for (const registry::Place& place : *places) check_place(place, *asked);
    }
}

// Two of a folder's files with one name: the later one's contents.
void check_folder(std::string_view rest) {
    static const test::TempDir home;
    static constexpr std::array names = {"ca.crt",  "b.crt",    "a.crt", "client.cert",
                                         "client.key", "x.cert", "x.CRT", "note"};
    const std::string folder = home.path("certs.d");
    std::filesystem::remove_all(folder);
    std::filesystem::create_directory(folder);
    std::map<std::string, std::string> files;
    while (!rest.empty() && files.size() < names.size()) {
        const std::string piece = next_piece(rest);
        if (piece.empty()) continue;
        files[names[static_cast<unsigned char>(piece[0]) % names.size()]] = piece.substr(1);
    }
    std::string authorities;
    for (const auto& [name, contents] : files) {
        home.write("certs.d/" + name, contents);
        if (name.ends_with(".crt")) authorities += contents + '\n';
    }
    const registry::TlsSettings tls = registry::read_certificate_folder(folder);
    if (tls.ca_pem != authorities) __builtin_trap();
    const bool client = files.contains("client.cert") && files.contains("client.key");
    if (client != !tls.certificate.empty() || client != !tls.key.empty()) __builtin_trap();
    if (client && tls.key != folder + "/client.key") __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    const std::string name = next_piece(rest);
    check_conf(name, next_piece(rest));
    if (!rest.empty()) check_folder(rest);
    return 0;
}
