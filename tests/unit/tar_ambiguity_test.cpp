// Which headers readers do not agree on, and which honest ones look as if. That the readers
// really differ is for tests/hostile/readers.py to show, with the readers themselves.
#include "scanner/layer/tar_ambiguity.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace stratascan::layer {
namespace {

std::string padded(std::string body) {
    body.resize((body.size() + 511) / 512 * 512, '\0');
    return body;
}

/// A header block; the checksum is nobody's business here.
std::string block(char type, const std::string& size, const std::string& name = "a") {
    std::string made(512, '\0');
    made.replace(0, name.size(), name);
    made.replace(124, size.size(), size);
    made[156] = type;
    made.replace(257, 6, std::string("ustar\0", 6));
    return made;
}

std::string octal(std::uint64_t size) { return fmt::format("{:011o}", size); }

std::string record(const std::string& key, const std::string& value) {
    const std::string rest = " " + key + "=" + value + "\n";
    std::size_t length = rest.size() + 1;
    while (std::to_string(length).size() + rest.size() != length) ++length;
    return std::to_string(length) + rest;
}

std::string extended(const std::string& records, char type = 'x') {
    return block(type, octal(records.size())) + padded(records);
}

std::string long_name(const std::string& name, char type = 'L') {
    return block(type, octal(name.size() + 1)) + padded(name + '\0');
}

std::string with(std::string header, std::size_t at, const std::string& bytes) {
    header.replace(at, bytes.size(), bytes);
    return header;
}

std::string link(char type, const std::string& size = octal(0)) {
    return with(block(type, size), 157, "target");
}

/// A file of GNU's old sparse form: its size, and where each part lies.
std::string sparse(std::uint64_t stored, std::uint64_t real_size,
                   const std::vector<std::pair<std::uint64_t, std::uint64_t>>& parts) {
    std::string made = with(with(block('S', octal(stored)), 257, "ustar  "), 483,
                            octal(real_size));
    for (std::size_t at = 0; at < parts.size(); ++at) {
        made = with(std::move(made), 386 + 24 * at, octal(parts[at].first));
        made = with(std::move(made), 386 + 24 * at + 12, octal(parts[at].second));
    }
    return made;
}

/// A block of more parts; `more` says that there is another one behind it.
std::string more_parts(std::uint64_t offset, std::uint64_t size, bool more = false) {
    std::string made = with(with(std::string(512, '\0'), 0, octal(offset)), 12, octal(size));
    return more ? with(std::move(made), 504, "\1") : made;
}

TEST(TarAmbiguity, HonestHeadersAreNone) {
    const std::string huge(11, '7');
    const std::vector<std::pair<std::string, std::string>> honest = {
        {"a file", block('0', octal(100))},
        {"an old file", block('\0', "     144 \0")},
        {"a link", link('2')},
        {"a folder", block('5', octal(0), "folder/")},
        {"an old folder", block('\0', octal(0), "folder/")},
        {"no size at all", block('0', std::string(12, '\0'))},
        {"base 256", block('0', std::string("\x80\0\0\0\0\0\0\x03\0\0\0\0", 12))},
        {"a long name of pax", extended(record("path", "n/a")) + block('0', octal(1))},
        {"a long name of GNU", long_name("n/a") + block('0', octal(1))},
        {"a long name and a long target of GNU",
         long_name("n/a") + long_name("n/b", 'K') + link('2')},
        {"a long name whose size leaves out the NUL",
         block('L', octal(3)) + padded("n/a") + block('0', octal(1))},
        {"both, alike", long_name("n/a") + extended(record("path", "n/a")) + block('0', octal(1))},
        {"a size that is said again", extended(record("size", "9")) + block('0', octal(9))},
        {"8 GiB, the field left at zero",
         extended(record("size", "8589934592")) + block('0', octal(0))},
        {"8 GiB, the field filled up", extended(record("size", "9999999999")) + block('0', huge)},
        {"a comment for all", extended(record("comment", "abc"), 'g') + block('0', octal(1))},
        {"binary attributes", extended(record("SCHILY.xattr.security.capability",
                                              std::string("\1\0\0\2\0", 5))) + block('0', octal(1))},
        {"a sparse map of the first form",
         extended(record("GNU.sparse.offset", "0") + record("GNU.sparse.numbytes", "5") +
                  record("GNU.sparse.offset", "9") + record("GNU.sparse.numbytes", "5")) +
             block('0', octal(10))},
        {"a sparse file of the last form",
         extended(record("GNU.sparse.major", "1") + record("GNU.sparse.minor", "0") +
                  record("GNU.sparse.name", "n/a") + record("GNU.sparse.realsize", "9000")) +
             block('0', octal(10), "./GNUSparseFile.1/a")},
        {"a folder from before POSIX", with(block('\0', octal(0), "folder/"), 257,
                                            std::string(8, '\0'))},
        {"padding in the record's size", extended(record("mtime", "1") + std::string(20, '\0')) +
                                             block('0', octal(1))},
        {"what stands behind the header",
         sparse(10, 10, {{0, 10}}) + std::string(512, '\xff')},
        {"a sparse file", sparse(15, 99, {{0, 5}, {20, 10}, {99, 0}})},
        {"one of holes alone", sparse(0, 99, {{99, 0}})},
        {"one of many parts",
         with(sparse(12, 99, {{0, 1}, {2, 2}, {5, 1}, {7, 1}}), 482, "\1") +
             more_parts(10, 3, true) + more_parts(20, 4)},
        {"nothing", ""},
        {"half a block", std::string(100, 'x')},
    };
    for (const auto& [what, headers] : honest) EXPECT_EQ(tar_ambiguity(headers), "") << what;
}

TEST(TarAmbiguity, EachFormIsTold) {
    const std::string file = block('0', octal(9));
    const std::vector<std::pair<std::string, std::string>> forms = {
        {extended(record("size", "10")) + file, "two sizes"},
        {extended(record("size", "10")) + block('0', octal(0)), "two sizes"},
        {extended(record("size", "9999999999")) + file, "two sizes"},
        {extended(record("size", "-9")) + file, "not a number"},
        {extended(record("size", "9x")) + file, "not a number"},
        {extended(record("size", "")) + file, "empty"},
        {extended(record("path", "")) + file, "empty"},
        {extended(record("path", std::string("a\0b", 3))) + file, "NUL"},
        {extended(record("linkpath", std::string("a\0", 2))) + file, "NUL"},
        {extended(record("path", "a") + record("path", "b")) + file, "twice"},
        {extended(record("path", "a") + record("path", "a")) + file, "twice"},
        {extended(record("GNU.sparse.realsize", "1") + record("GNU.sparse.realsize", "2")) + file,
         "twice"},
        {extended(record("path", "a")) + extended(record("path", "b")) + file, "two extended"},
        {long_name("a") + long_name("b") + file, "two long names"},
        {long_name("a") + extended(record("path", "b")) + file, "two names"},
        {long_name("a", 'K') + extended(record("linkpath", "b")) + link('2'),
         "two targets"},
        {extended(record("path", "a"), 'g') + file, "for all members"},
        {extended(record("size", "9"), 'g') + file, "for all members"},
        {extended("99 path=a\n") + file, "damaged record"},
        {extended("x path=a\n") + file, "damaged record"},
        {extended("9 path=ab") + file, "damaged record"},
        {extended("7 path\n") + file, "damaged record"},
        {extended("9 path=a\n0 b=c\n") + file, "damaged record"},
        {block('0', "0000000001x"), "not a number"},
        {block('0', "00001 00002"), "not a number"},
        {block('0', std::string(12, ' ')), "not a number"},
        {block('0', octal(9), ""), "without a name"},
        {long_name("") + file, "without a name"},
        {with(file, 100, "z000644"), "none to all"},
        {with(file, 136, "star"), "none to all"},
        {with(with(file, 257, "ustar  "), 345, "etc"), "a prefix"},
        {block('D', octal(0)), "of a type"},
        {extended(record("path", "n/")) + block('0', octal(0)), "name of a folder"},
        {block('S', octal(0)), "a sparse file"},
        {block('V', octal(0)), "of a type"},
        {block('Z', octal(9)), "of a type"},
        {block('0', std::string(12, '\xff')), "not a number"},
        {block('0', "\x80\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01"), "not a number"},
        {link('1', octal(9)), "contents of a link"},
        {link('2', octal(9)), "contents of a link"},
        {block('3', octal(9)), "contents of a link"},
        {block('5', octal(9)), "contents of a link"},
        {block('0', octal(9), "folder/"), "name of a folder"},
        {block('0', octal(0), "folder/"), "name of a folder"},
        {block('7', octal(0), "folder/"), "name of a folder"},
        {with(block('S', octal(0), "folder/"), 257, "ustar  "), "name of a folder"},
        {block('\0', octal(9), "folder/"), "contents of a link"},
        {with(extended(record("comment", "a")), 100, "z000644") + file, "none to all"},
        {with(long_name("a"), 136, "star") + file, "none to all"},
        {extended(record("GNU.sparse.name", "a")) + file, "no sparse file"},
        {extended(record("GNU.sparse.name", "a") + record("GNU.sparse.major", "1") +
                  record("path", "b")) + file, "two names"},
        {long_name("b") + extended(record("GNU.sparse.name", "a") +
                                   record("GNU.sparse.major", "1")) + file, "two names"},
        {extended(record("size", "9")) + link('1', octal(9)), "contents of a link"},
        {block('1', octal(0)), "no target"},
        {block('2', octal(0)), "no target"},
        {extended(record("linkpath", "a")) + block('1', octal(0)), "no target"},
        {long_name("a", 'K') + block('1', octal(0)), "no target"},
        {block('L', octal(1)) + padded("n/a") + file, "goes on behind its size"},
        {block('K', octal(2)) + padded("n/a") + link('1'), "goes on behind its size"},
        {extended(record("path", "n") + std::string(20, '\0')) + file, "NULs behind"},
        {sparse(512, 0, {}), "does not fit"},
        {sparse(10, 99, {{0, 5}}), "does not fit"},
        {sparse(10, 99, {{20, 5}, {0, 5}}), "does not fit"},
        {sparse(10, 99, {{0, 5}, {4, 5}}), "does not fit"},
        {sparse(10, 99, {{0, 5}, {97, 5}}), "does not fit"},
        {with(sparse(6, 99, {{0, 1}, {2, 2}, {5, 1}, {7, 1}}), 482, "\1") + more_parts(6, 1),
         "does not fit"},
    };
    for (const auto& [headers, what] : forms) {
        EXPECT_NE(tar_ambiguity(headers).find(what), std::string_view::npos)
            << what << ": \"" << tar_ambiguity(headers) << '"';
    }
}

// Headers are whatever stands in a layer: nothing is read behind their end.
TEST(TarAmbiguity, EveryCutIsRead) {
    const std::string whole = long_name("a") + extended(record("path", "b") + record("size", "4")) +
                              block('0', octal(4));
    for (std::size_t size = 0; size <= whole.size(); size += 7) {
        const std::string cut = whole.substr(0, size);
        const std::string_view why = tar_ambiguity(cut);
        if (size < 1024) {
            EXPECT_EQ(why, "") << size;
        }
    }
    EXPECT_EQ(tar_ambiguity(whole), "two names of one member");
}

}  // namespace
}  // namespace stratascan::layer
