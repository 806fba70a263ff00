// Any bytes as a loose object of git, inflated: however they are cut, the same comes out, and no
// byte is lost. Two bytes say how it is read and cut; then a byte for the length of the name of its
// file, and the name, of which its id and its repository are known; the rest is the object. With
// the second lowest bit of the first byte it is given a sound header, of the kind that the next two
// say: then it has the id that OpenSSL's hash gives it.
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "scanner/nested/git_history.hpp"
#include "scanner/nested/git_object.hpp"
#include "tests/support/parsing.hpp"

namespace {

using namespace stratascan;
using nested::GitHash;

void require(bool holds) {
    if (!holds) __builtin_trap();
}

std::string hash_of(GitHash hash, std::string_view object) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    const EVP_MD* const kind = hash == GitHash::sha1 ? EVP_sha1() : EVP_sha256();
    require(EVP_Digest(object.data(), object.size(), digest.data(), &size, kind, nullptr) == 1);
    return nested::to_hex({reinterpret_cast<const char*>(digest.data()), size});
}

// What a name says of its file stands in it.
nested::GitFileName name_of(std::string_view path) {
    const nested::GitFileName name = nested::git_file_name(path);
    require(path.starts_with(name.root));
    if (name.claimed) {
        const std::string hex = nested::to_hex(name.claimed->view());
        require(name.in_repository && name.claimed->size == bytes_of(name.hash));
        require(path.ends_with("objects/" + hex.substr(0, 2) + '/' + hex.substr(2)));
    }
    static_cast<void>(nested::may_be_git_ref(path));
    return name;
}

struct Made {
    test::Parsed parsed;
    std::uint64_t memory = 0;
    bool truncated = false;
};

Made parse(std::string_view path, const std::string& object, std::size_t piece,
           std::uint64_t memory) {
    nested::GitHistory history(1 << 16);
    const nested::GitFileName name = name_of(path);
    const std::uint32_t repository = history.repository({std::string(path)});
    const auto parser =
        nested::make_git_object_parser(history, repository, name.hash, name.claimed, memory);
    bool stuck = false;
    Made made{test::parse(*parser, object, piece, stuck), 0, false};
    require(!stuck);
    history.add_ref_file({std::string(path)}, object);
    made.memory = history.memory();
    made.truncated = history.truncated();
    return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    const std::string_view in(reinterpret_cast<const char*>(data) + 3, size - 3);
    const std::string_view path = in.substr(0, data[2]), rest = in.substr(path.size());
    const auto kind = static_cast<nested::GitKind>(1 + (data[0] >> 2U) % 4U);
    const bool sound = (data[0] & 2U) != 0;
    std::string object(rest);
    if (sound) {
        object = std::string(to_string(kind)) + ' ' + std::to_string(rest.size()) + '\0' + object;
    }
    // Little memory: what is larger passes by, and has the id that its file's name claims.
    const std::uint64_t memory = (data[0] & 1U) != 0 ? 40 : 1 << 20;
    const Made whole = parse(path, object, object.size() + 1, memory);
    const Made cut = parse(path, object, 1 + data[1] % 67U, memory);
    require(whole.parsed.members == cut.parsed.members);
    require(whole.parsed.damage == cut.parsed.damage && whole.parsed.aside == cut.parsed.aside);
    require(whole.memory == cut.memory && whole.truncated == cut.truncated);

    std::string all = whole.parsed.headers;
    for (const test::ParsedMember& member : whole.parsed.members) {
        require(member.ended);
        all += member.contents;
    }
    require(all + whole.parsed.aside == object);
    if (!sound) return 0;
    require(whole.parsed.members.size() == 1);
    const test::ParsedMember& member = whole.parsed.members.front();
    require(member.contents == rest && member.head.bytes == rest.size());
    if (rest.size() > memory) return 0;
    const GitHash hash = nested::git_file_name(path).hash;
    require(member.head.name == std::string(to_string(kind)) + ' ' + hash_of(hash, object));
    return 0;
}
