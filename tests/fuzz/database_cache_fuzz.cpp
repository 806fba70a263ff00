// Any bytes as the file in which a database of a user's rules is kept. What is not the bytes
// that were written there is made anew, and the rules find what they find.
//
// The first byte: 0 to 127: the rest is the file. Else the file is the sound one, and the
// rest are changes to it, four bytes each: a place of three bytes, and what is put there.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/match/database.hpp"
#include "scanner/match/database_cache.hpp"
#include "tests/support/scanning.hpp"
#include "tests/support/token_rule.hpp"

namespace {

using namespace stratascan;

class KeptDatabase {
public:
    KeptDatabase() : rules_(test::rules_of(test::token_rule)) {
        if (!cached()) __builtin_trap();
        const std::filesystem::recursive_directory_iterator all(home_.path());
        for (const auto& entry : all) {
            if (entry.path().extension() == ".hsdb") path_ = entry.path().string();
        }
        std::ifstream file(path_, std::ios::binary);
        sound_.assign(std::istreambuf_iterator<char>(file), {});
        if (sound_.empty()) __builtin_trap();
    }

    [[nodiscard]] const std::string& sound() const noexcept { return sound_; }

    void load(const std::string& bytes) const {
        std::ofstream(path_, std::ios::binary) << bytes;
        const auto database = cached();
        if (!database) __builtin_trap();
        std::vector<match::Hit> hits;
        const auto scratch = (*database)->make_scratch();
        if (!(*database)->scan("a tst_abc", scratch.get(), hits) || hits.size() != 1) {
            __builtin_trap();
        }
    }

private:
    [[nodiscard]] Result<std::shared_ptr<const match::Database>> cached() const {
        std::string not_kept;
        return match::cached_database(*rules_, [](const auto& work) { work(); }, not_kept);
    }

    test::PrivateHome home_;
    std::shared_ptr<const match::RuleSet> rules_;
    std::string path_, sound_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const KeptDatabase kept;
    if (size == 0) return 0;
    std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] < 128) {
        kept.load(std::string(rest));
        return 0;
    }
    std::string bytes = kept.sound();
    for (; rest.size() >= 4; rest.remove_prefix(4)) {
        const auto byte = [&rest](std::size_t at) {
            return static_cast<std::size_t>(static_cast<unsigned char>(rest[at]));
        };
        const std::size_t at = byte(0) << 16U | byte(1) << 8U | byte(2);
        bytes[at % bytes.size()] = rest[3];
    }
    kept.load(bytes);
    return 0;
}
