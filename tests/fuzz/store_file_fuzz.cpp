// Any bytes as a store: the file is a sound one with the changes that the input says, or
// the input itself. Every question has an answer or an error, and an end; and what was repaired
// has nothing left to repair.
//
// The first byte: 0 to 63: the rest is the file. Else the rest are changes, five bytes
// each: a place of three bytes, how many bytes from there, and what is put there. From 192
// on the file ends at the last place.
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/opened_store.hpp"
#include "tests/support/results.hpp"

namespace {

using namespace stratascan;
using namespace stratascan::store;

class SoundStore {
public:
    SoundStore() {
        test::OpenedStore store;
        const auto layer = test::full_layer();
        const auto id = store.put(layer, test::rules_named("rules"));
        store.add("a/b", "1", test::image_of("one", {layer}, {id}, test::rules_named("rules")), 100);
        store.close();
        std::ifstream file(store.path(), std::ios::binary);
        bytes_.assign(std::istreambuf_iterator<char>(file), {});
        if (bytes_.empty()) __builtin_trap();
    }
    [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }

private:
    std::string bytes_;
};

void ask(const std::string& path) {
    const auto opened = Store::open(path, false, 10);
    if (!opened) return;
    Store& store = **opened;
    const auto rules = test::rules_named("rules");
    const std::string digest = test::digest_named("full");
    static_cast<void>(store.layer(digest, rules));
    const std::vector<std::string> digests = {digest, test::digest_named("x")};
    static_cast<void>(store.unknown_layers(digests, rules));
    static_cast<void>(store.manifest(test::digest_named("manifest one")));
    static_cast<void>(store.repositories());
    for (const Question& question :
         {Question{.secret_ids = {test::secret_named("a")}}, Question{.rule = "private-key"},
          Question{.program = "curl", .version = ">=1"}, Question{.path = "**/k*"},
          Question{.image = "a/b:1"}, Question{.layer = digest}}) {
        static_cast<void>(store.find(question));
    }
    std::size_t images = 0;
    static_cast<void>(store.each_image({}, [&](StoredImage&&) { return ++images < 100; }));
    static_cast<void>(store.keys());
    static_cast<void>(store.figures());
    static_cast<void>(store.check());
    std::size_t lines = 0;
    static_cast<void>(store.dump([&](std::string_view) { return ++lines < 10'000; }));
    static_cast<void>(store.collect_garbage(0, false, 200));
    static_cast<void>(store.put_layer(test::layer_of("new"), rules, true));
}

void repair(const std::string& path) {
    bool damaged = false;
    {
        const auto opened = Store::open(path, false, 10);
        // Of another program, or of a later version of this one: it is left as it is.
        if (!opened && opened.error().code != ErrorCode::malformed) return;
        const auto mended = opened ? (*opened)->repair() : std::unexpected(opened.error());
        if (!mended && mended.error().code != ErrorCode::malformed) return;
        damaged = !mended;
    }
    if (damaged && !Store::salvage(path)) return;
    const auto opened = Store::open(path, false, 10);
    if (!opened) __builtin_trap();
    const auto wrong = (*opened)->check();
    if (!wrong || !wrong->empty()) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const SoundStore sound;
    static const test::TempDir folder;
    if (size < 2) return 0;
    std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    std::string bytes = data[0] < 64 ? std::string(rest) : sound.bytes();
    std::size_t last = bytes.size();
    for (; data[0] >= 64 && rest.size() >= 5; rest.remove_prefix(5)) {
        const auto byte = [&rest](std::size_t at) {
            return static_cast<std::size_t>(static_cast<unsigned char>(rest[at]));
        };
        const std::size_t at = (byte(0) << 16U | byte(1) << 8U | byte(2)) % bytes.size();
        const std::size_t count = std::min(byte(3), bytes.size() - at);
        bytes.replace(at, count, count, rest[4]);
        last = at;
    }
    if (data[0] >= 192) bytes.resize(last);
    const std::string path = folder.write("data/store.sqlite", bytes);
    std::filesystem::permissions(folder.path("data"), std::filesystem::perms::owner_all);
    std::filesystem::permissions(path, std::filesystem::perms::owner_read |
                                           std::filesystem::perms::owner_write);
    ask(path);
    repair(path);
    for (const char* beside : {"-wal", "-shm", "-journal", ".damaged", ".damaged-wal",
                               ".damaged-shm"}) {
        std::filesystem::remove(path + beside);
    }
    return 0;
}
