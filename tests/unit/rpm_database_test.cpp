// rpm's headers and databases. The bytes here are handmade fakes, to be wrong in every
// way; databases that rpm itself wrote are in the recipes `packages-of-rpm-*`.
#include "scanner/layer/rpm_database.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "scanner/layer/package_lists.hpp"
#include "scanner/layer/rpm_header.hpp"

namespace {

using namespace stratascan::layer;

std::string big(std::uint64_t value, std::size_t size = 4) {
    std::string bytes;
    while (size > 0) bytes += static_cast<char>(value >> 8 * --size);
    return bytes;
}

std::string little(std::uint64_t value, std::size_t size = 4) {
    const std::string bytes = big(value, size);
    return {bytes.rbegin(), bytes.rend()};
}

/// A header of values by tag; their types are those of the texts that they are.
class FakeHeader {
public:
    FakeHeader& text(std::uint32_t tag, const std::string& value) {
        return add(tag, 6, 1, value + '\0');
    }
    FakeHeader& texts(std::uint32_t tag, const std::vector<std::string>& values) {
        std::string bytes;
        for (const std::string& value : values) bytes += value + '\0';
        return add(tag, 8, values.size(), bytes);
    }
    FakeHeader& numbers(std::uint32_t tag, const std::vector<std::uint32_t>& values,
                        std::size_t size = 4) {
        std::string bytes;
        for (const std::uint32_t value : values) bytes += big(value, size);
        return add(tag, size == 4 ? 4 : 3, values.size(), bytes);
    }
    [[nodiscard]] std::string bytes() const {
        return big(count_) + big(data_.size()) + index_ + data_;
    }

private:
    FakeHeader& add(std::uint32_t tag, std::uint32_t type, std::size_t count,
                    const std::string& value) {
        index_ += big(tag) + big(type) + big(data_.size()) + big(count);
        data_ += value;
        ++count_;
        return *this;
    }
    std::string index_, data_;
    std::size_t count_ = 0;
};

const std::string digest(64, 'a');

std::string header_of(const std::string& name, std::size_t files = 2) {
    std::vector<std::string> names, digests;
    std::vector<std::uint32_t> folders, modes;
    for (std::size_t i = 0; i < files; ++i) {
        names.push_back("f" + std::to_string(i));
        digests.push_back(i == 1 ? "" : digest);
        folders.push_back(i % 2);
        modes.push_back(i == 1 ? 0040755 : 0100755);
    }
    return FakeHeader()
        .text(1000, name)
        .text(1001, "1.2")
        .text(1002, "3.el9")
        .numbers(1003, {7})
        .text(1022, "x86_64")
        .numbers(1030, modes, 2)
        .texts(1035, digests)
        .numbers(1116, folders)
        .texts(1117, names)
        .texts(1118, {"/usr/bin/", "/etc/"})
        .numbers(5011, {8})
        .bytes();
}

TEST(RpmHeader, TellsItsPackageAndItsFiles) {
    const std::string bytes = header_of("example") + "behind it";
    const auto header = RpmHeader::read(bytes);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->package().name, "example");
    EXPECT_EQ(header->package().evr(), "7:1.2-3.el9");
    EXPECT_EQ(header->package().architecture, "x86_64");
    std::string told;
    EXPECT_TRUE(header->each_file([&](const RpmFile& file) {
        told += std::string(file.folder) + std::string(file.name) + ' ' +
                std::string(file.digest) + ' ' + (file.regular ? "file\n" : "other\n");
    }));
    EXPECT_EQ(told, "/usr/bin/f0 " + digest + " file\n/etc/f1  other\n");
}

TEST(RpmHeader, WhatItClaimsBeyondItsBytesIsNotRead) {
    const std::string bytes = header_of("example");
    std::size_t read = 0;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_FALSE(RpmHeader::read(std::string_view(bytes).substr(0, size)));
    }
    // Every number of it made huge, one after the other.
    for (std::size_t at = 0; at + 4 <= bytes.size(); at += 4) {
        std::string wrong = bytes;
        wrong.replace(at, 4, "\x7f\xff\xff\xff");
        if (const auto header = RpmHeader::read(wrong)) {
            header->each_file([&](const RpmFile& file) { read += file.name.size(); });
        }
    }
    EXPECT_GT(read, 0U);
}

struct Told {
    std::vector<std::string> names;
    std::string reason;
    std::uint64_t lost = 0;
};

Told read(const std::string& file, std::size_t step = 1 << 20) {
    Told told;
    RpmDatabase database([&](std::string_view bytes) {
        const auto header = RpmHeader::read(bytes);
        if (header) told.names.emplace_back(header->package().name);
    });
    for (std::size_t at = 0; at < file.size(); at += step) {
        database.feed(std::string_view(file).substr(at, step));
    }
    database.end();
    told.reason = database.reason();
    told.lost = database.lost();
    return told;
}

constexpr std::size_t page_bytes = 512;

using Order = std::string (*)(std::uint64_t, std::size_t);

std::string page(Order order, std::uint32_t number, std::uint32_t before, std::uint32_t next,
                 std::uint32_t entries, std::size_t size, int type, const std::string& body) {
    std::string bytes = std::string(8, '\0') + order(number, 4) + order(before, 4) +
                        order(next, 4) + order(entries, 2) + order(size, 2) + '\1' +
                        static_cast<char>(type) + body;
    bytes.resize(page_bytes);
    return bytes;
}

/// A Berkeley DB hash whose chains of overflow pages stand at `places`, page for page.
std::string fake_berkeley(const std::vector<std::string>& headers,
                          const std::vector<std::vector<std::uint32_t>>& places, Order order) {
    std::uint32_t pages = 0;
    for (const auto& chain : places) {
        for (const std::uint32_t at : chain) pages = std::max(pages, at);
    }
    std::string first = std::string(12, '\0') + order(0x61561, 4) + order(9, 4) +
                        order(page_bytes, 4);
    first.resize(page_bytes);
    std::vector<std::string> all(pages + 1, std::string(page_bytes, '\0'));
    all[0] = first;
    for (std::size_t i = 0; i < headers.size(); ++i) {
        const auto& chain = places[i];
        for (std::size_t n = 0; n < chain.size(); ++n) {
            const std::string part = headers[i].substr(n * (page_bytes - 26), page_bytes - 26);
            all[chain[n]] = page(order, chain[n], n == 0 ? 0 : chain[n - 1],
                                 n + 1 < chain.size() ? chain[n + 1] : 0, 1, part.size(), 7, part);
        }
    }
    std::string file;
    for (const std::string& one : all) file += one;
    return file;
}

const std::vector<std::vector<std::uint32_t>> orders[] = {
    {{1, 2, 3}, {4, 5, 6}}, {{3, 2, 1}, {6, 5, 4}}, {{2, 5, 1}, {6, 3, 4}}, {{6, 1, 4}, {2, 3, 5}}};

TEST(RpmDatabase, ChainsOfBerkeleyPagesAreReadInAnyOrder) {
    const std::vector<std::string> headers = {header_of("one", 16), header_of("two", 16)};
    ASSERT_GT(headers[0].size(), 2 * page_bytes);
    ASSERT_LE(headers[0].size(), 3 * (page_bytes - 26));
    for (const auto& places : orders) {
        for (const Order order : {Order(little), Order(big)}) {
            const std::string file = fake_berkeley(headers, places, order);
            for (const std::size_t step :
                 {std::size_t{1}, std::size_t{511}, std::size_t{1000}, file.size()}) {
                Told told = read(file, step);
                std::sort(told.names.begin(), told.names.end());
                EXPECT_EQ(told.names, (std::vector<std::string>{"one", "two"})) << step;
                EXPECT_EQ(told.reason, "");
            }
        }
    }
}

TEST(RpmDatabase, ASmallHeaderStandsInTheHashPageItself) {
    const std::string header = FakeHeader().text(1000, "small").text(1001, "1").bytes();
    const std::string key = std::string("\1") + little(1), data = '\1' + header;
    std::string body = little(page_bytes - key.size(), 2) +
                       little(page_bytes - key.size() - data.size(), 2);
    body.resize(page_bytes - 26 - key.size() - data.size());
    std::string file = fake_berkeley({}, {{1}}, little);
    file.replace(page_bytes, page_bytes,
                 page(little, 1, 0, 0, 2, 0, 13, body + data + key));
    EXPECT_EQ(read(file).names, std::vector<std::string>{"small"});
}

TEST(RpmDatabase, WhatIsMissingIsSaid) {
    const std::string file =
        fake_berkeley({header_of("one", 16), header_of("two", 16)}, orders[0], little);
    const Told told = read(file.substr(0, 6 * page_bytes));
    EXPECT_EQ(told.names, std::vector<std::string>{"one"});
    EXPECT_NE(told.reason.find("damaged"), std::string::npos);
    EXPECT_EQ(told.lost, 2 * (page_bytes - 26));
    EXPECT_NE(read("this is no database at all" + std::string(1000, ' ')).reason, "");
    EXPECT_NE(read("short").reason, "");
    EXPECT_EQ(read("").reason, "");
}

TEST(RpmDatabase, PagesThatWaitForOthersAreLimited) {
    // A chain whose first page comes last, of more than may be kept.
    const std::size_t pages = rpm_bytes_kept / page_bytes + 2000;
    std::string file = fake_berkeley({}, {{1}}, little).substr(0, page_bytes);
    for (std::uint32_t i = 1; i < pages; ++i) {
        file +=
            page(little, i, i + 1, i - 1, 1, page_bytes - 26, 7, std::string(page_bytes - 26, 'x'));
    }
    const Told told = read(file);
    EXPECT_NE(told.reason.find("more scattered"), std::string::npos);
    EXPECT_GT(told.lost, rpm_bytes_kept / 2);
    // Two pages that lead to each other, and one to itself.
    EXPECT_NE(read(fake_berkeley({}, {{1}}, little).substr(0, page_bytes) +
                   page(little, 1, 2, 2, 1, 10, 7, "0123456789") +
                   page(little, 2, 1, 1, 1, 10, 7, "0123456789") +
                   page(little, 3, 3, 3, 1, 10, 7, "0123456789")).reason, "");
}

struct FakeBlob {
    std::uint32_t block = 0;
    std::string header;
};

std::string fake_ndb(const std::vector<FakeBlob>& blobs) {
    std::string file = "RpmP" + little(0) + little(1) + little(1) + little(9);
    file.resize(32);
    for (const FakeBlob& blob : blobs) {
        const std::size_t count = (16 + blob.header.size() + 12 + 15) / 16;
        file += "Slot" + little(1) + little(blob.block) + little(count);
    }
    file.resize(4096);
    for (const FakeBlob& blob : blobs) {
        std::string bytes =
            "BlbS" + little(1) + little(1) + little(blob.header.size()) + blob.header;
        bytes.resize((bytes.size() + 12 + 15) / 16 * 16);
        if (file.size() < blob.block * 16 + bytes.size())
            file.resize(blob.block * 16 + bytes.size());
        file.replace(blob.block * 16, bytes.size(), bytes);
    }
    return file;
}

TEST(RpmDatabase, BlobsOfNdbAreReadWhereTheSlotsSay) {
    const std::string file = fake_ndb(
        {{600, header_of("two", 10)}, {256, header_of("one", 40)}, {900, header_of("three")}});
    for (const std::size_t step :
         {std::size_t{1}, std::size_t{100}, std::size_t{4097}, file.size()}) {
        const Told told = read(file, step);
        EXPECT_EQ(told.names, (std::vector<std::string>{"one", "two", "three"})) << step;
        EXPECT_EQ(told.reason, "");
    }
    const Told cut = read(file.substr(0, 900 * 16 + 20));
    EXPECT_EQ(cut.names.size(), 2U);
    EXPECT_NE(cut.reason, "");
    EXPECT_GT(cut.lost, 0U);
    // The second begins inside of the first.
    const Told overlapping = read(fake_ndb({{256, header_of("one", 40)}, {258, header_of("two")}}));
    EXPECT_LE(overlapping.names.size(), 1U);
    EXPECT_NE(overlapping.reason, "");
}

TEST(RpmDatabase, ItsPackagesAreListed) {
    PackageLists lists;
    ASSERT_TRUE(lists.begin("usr/lib/sysimage/rpm/Packages.db", 5));
    lists.feed(fake_ndb({{256, header_of("one", 4)}}));
    lists.end();
    EXPECT_TRUE(lists.gaps().empty());
    const PackageFacts facts = lists.take();
    ASSERT_EQ(facts.packages.size(), 1U);
    EXPECT_EQ(facts.packages[0].version, "7:1.2-3.el9");
    ASSERT_EQ(facts.files.size(), 3U);  // one of the four is a folder
    for (const ListedFile& file : facts.files) EXPECT_EQ(file.kind, DigestKind::sha256);
    ASSERT_TRUE(lists.begin("var/lib/rpm/Packages", 6));
    lists.feed("nothing of the kind" + std::string(600, '\0'));
    lists.end();
    ASSERT_EQ(lists.gaps().size(), 1U);
    EXPECT_EQ(lists.gaps()[0].gap.path, "var/lib/rpm/Packages");
    EXPECT_FALSE(lists.begin("home/rpm/Packages", 7));
}

}  // namespace
