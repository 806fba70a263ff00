// Where a zip file begins behind anything, and what is none.
#include "scanner/nested/zip_search.hpp"

#include <gtest/gtest.h>

#include "tests/support/parsing.hpp"

namespace stratascan::nested {
namespace {

using namespace std::string_literals;

struct Searched {
    std::string header, rest;  // the header's fixed part, and what is behind it
    bool in_directory = false, with_directory = false;
    bool operator==(const Searched&) const = default;
};

Searched search(std::string_view bytes, std::size_t piece) {
    ZipSearch zips;
    Searched searched;
    while (!bytes.empty()) {
        std::string_view part = bytes.substr(0, piece);
        bytes.remove_prefix(part.size());
        if (searched.header.empty()) {
            if (auto header = zips.find(part)) searched.header = *std::move(header);
        }
        if (!searched.header.empty()) searched.rest += part;
    }
    searched.in_directory = zips.ends_in_directory();
    searched.with_directory = zips.ends_with_directory();
    return searched;
}

const std::string front = std::string(150, 'P') + "PK PK\3 PK\5" + std::string(70, 'x') + "PKPK";

// The directory of one entry that begins at 0, and its end.
std::string directory_of_one() {
    const std::string entry = test::zip_listed("a", test::zip_sums("one", 0));
    std::string end = test::zip_end();
    end[8] = end[10] = 1;
    end[12] = static_cast<char>(entry.size());
    return entry + end;
}

TEST(ZipSearch, FindsTheFirstHeaderHoweverItIsCut) {
    const std::string zip = test::zip_entry("a", "one", 0) + directory_of_one();
    const std::string bytes = front + zip;
    const Searched whole = search(bytes, bytes.size());
    EXPECT_EQ(whole.header + whole.rest, zip);
    for (std::size_t piece = 1; piece < 200; ++piece) {
        EXPECT_EQ(search(bytes, piece), whole) << piece;
    }
}

TEST(ZipSearch, BelievesNoHeaderWhoseFieldsNoWriterWrites) {
    const std::string sound = test::zip_entry("a", "one", 0);
    ASSERT_FALSE(search(front + sound, 1000).header.empty());
    for (const auto& [at, value] : {std::pair(4, '\x09'), {4, '\x40'}, {7, '\x10'}, {9, '\x01'},
                                    {22, '\x63'}, {26, '\0'}, {27, '\x11'}}) {
        std::string changed = sound;
        changed[static_cast<std::size_t>(at)] = value;
        EXPECT_TRUE(search(front + changed, 1000).header.empty()) << at;
    }
    EXPECT_TRUE(search(front + sound.substr(0, 29), 1000).header.empty());
}

TEST(ZipSearch, TellsADirectoryAtTheEndAlone) {
    const std::string bytes = front + directory_of_one();
    for (const std::size_t piece : {1, 7, 1000}) EXPECT_TRUE(search(bytes, piece).in_directory);
    // A comment may stand behind it, and no more.
    EXPECT_TRUE(search(bytes + std::string(65'535, 'x'), 1000).in_directory);
    EXPECT_FALSE(search(bytes + std::string(65'536, 'x'), 1000).in_directory);
    EXPECT_FALSE(search(bytes.substr(0, bytes.size() - 1), 1000).in_directory);
    EXPECT_TRUE(search(bytes, 1000).with_directory);
    EXPECT_FALSE(search(bytes + 'x', 1000).with_directory);
    std::string comment = bytes;
    comment[comment.size() - 2] = 1;  // it has one of a byte
    EXPECT_FALSE(search(comment, 1000).with_directory);
    EXPECT_TRUE(search(comment + 'x', 1000).with_directory);
    EXPECT_FALSE(search(front + test::zip_end(), 1000).in_directory) << "of no entries";
    std::string larger = bytes;
    larger[larger.size() - 9] = '\1';  // 16 MiB of directory, of which there is less
    EXPECT_FALSE(search(larger, 1000).in_directory);
}

TEST(ZipSearch, CountsWhatIsPassedOver) {
    ZipSearch zips;
    std::string_view half = "PK\3";
    EXPECT_FALSE(zips.find(half));
    zips.pass(1000);
    EXPECT_EQ(zips.seen(), 1003U);
    std::string_view other = "\4";
    EXPECT_FALSE(zips.find(other));
    const std::string zip = test::zip_entry("a", "one", 0);
    std::string_view in = zip;
    EXPECT_TRUE(zips.find(in));
    EXPECT_EQ(zips.seen(), 1004U + 30U);
}

}  // namespace
}  // namespace stratascan::nested
