// Databases that the real sqlite3 made: each row is seen with the names of its
// columns, wherever its bytes lie, and what is damaged is told.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "scanner/nested/recognise.hpp"
#include "scanner/nested/sqlite.hpp"
#include "scanner/nested/sqlite_row.hpp"
#include "scanner/nested/sqlite_schema.hpp"
#include "tests/support/blobs.hpp"
#include "tests/support/image_builder.hpp"
#include "tests/support/parsing.hpp"
#include "tests/support/scanning.hpp"
#include "tests/support/tar_builder.hpp"

namespace stratascan::nested {
namespace {

constexpr std::uint64_t much = 64 << 20;

std::string database(const std::string& sql) {
    const test::TempDir folder;
    const std::string script = folder.write("x.sql", sql), file = folder.path("x.db");
    const std::string command = "sqlite3 -batch '" + file + "' < '" + script + "' > /dev/null";
    if (std::system(command.c_str()) != 0) throw std::runtime_error("sqlite3");
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

/// "[ROW]\nTEXT" of each row but those of the schema, then what was not read.
std::string told_by(ArchiveParser& parser, const std::string& file, std::size_t piece) {
    bool stuck = false;
    const test::Parsed parsed = test::parse(parser, file, std::min(piece, file.size()), stuck);
    EXPECT_FALSE(stuck);
    std::string text;
    for (const test::ParsedMember& member : parsed.members) {
        EXPECT_TRUE(member.ended);
        if (member.head.name.starts_with("table sqlite_schema ")) continue;
        text += '[' + member.head.name + "]\n" + member.contents;
    }
    for (const std::string& gap : parsed.damage) text += "gap " + gap + '\n';
    return text;
}

std::string rows_of(const std::string& file, std::size_t piece = ~std::size_t{0},
                    std::uint64_t memory = much) {
    return told_by(*make_sqlite_parser(memory), file, piece);
}

TEST(Sqlite, WritesOutRowsWithTheNamesOfTheirColumns) {
    const std::string sql =
        "create table users(id integer primary key, \"the name\" text not null, [key] blob, n real, "
        "m int default (1+2), gone text, unique(m, n), check (m <> ')'));\n"
        "insert into users values(7,'ann',x'00ff61',1.5,-300,null),(1000000,'bo','text',2,1,'');\n"
        "insert into users values(-5,'o''k',null,null,9223372036854775807,'x');\n"
        "create table empty(a);\n"
        "create index i on users(m);\n";
    const std::string expected =
        "[table users row -5]\nthe name = \"o'k\"\nm = 9223372036854775807\ngone = \"x\"\n"
        "[table users row 7]\nthe name = \"ann\"\nkey = \"" + std::string("\0\xff" "a", 3) +
        "\"\nn = 1.5\nm = -300\n"
        "[table users row 1000000]\nthe name = \"bo\"\nkey = \"text\"\nn = 2\nm = 1\n";
    for (const char* text : {"UTF-8", "UTF-16le", "UTF-16be"}) {
        for (const char* page : {"512", "4096", "65536"}) {
            const std::string file = database("pragma encoding='" + std::string(text) +
                                              "'; pragma page_size=" + page + ";\n" + sql);
            EXPECT_EQ(rows_of(file), expected) << text << page;
            EXPECT_EQ(rows_of(file, 77), expected) << text << page;
        }
    }
}

TEST(Sqlite, PutsNamesInFrontOfTheirValues) {
    EXPECT_EQ(rows_of(database("create table settings(k text, value text, note text);"
                               "insert into settings values('smtp.password','hunter2','x'),"
                               "('two words','v','y'),(null,'w','z');")),
              "[table settings row 1]\nk = \"smtp.password\"\nsmtp.password = \"hunter2\"\nnote = \"x\"\n"
              "[table settings row 2]\nk = \"two words\"\nvalue = \"v\"\nnote = \"y\"\n"
              "[table settings row 3]\nvalue = \"w\"\nnote = \"z\"\n");
}

TEST(Sqlite, PutsNamesInFrontOfBlobsAndReadsThoseOfUtf16) {
    EXPECT_EQ(rows_of(database("create table t(k text, value blob);"
                               "insert into t values('smtp.password',x'68756e74657232'),"
                               "('le',x'680075006e007400650072003200'),"
                               "('be',x'00680075006e0074006500720032'),"
                               "('odd',x'6800750061626364656667');")),
              "[table t row 1]\nk = \"smtp.password\"\nsmtp.password = \"hunter2\"\n"
              "[table t row 2]\nk = \"le\"\nle = \"hunter2\"\n"
              "[table t row 3]\nk = \"be\"\nbe = \"hunter2\"\n"
              "[table t row 4]\nk = \"odd\"\nodd = \"" + std::string("h\0u\0abcdefg", 11) + "\"\n");
}

std::string hex_of(std::string_view bytes) {
    std::string text;
    for (const char c : bytes) {
        text += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4U];
        text += "0123456789abcdef"[static_cast<unsigned char>(c) & 15U];
    }
    return text;
}

TEST(Sqlite, GivesContainersInBlobsByThemselves) {
    test::Random random(4);
    const std::string small = test::gzip("small"), large = test::gzip(random.bytes(300'000));
    const std::string sql = "create table t(a text, b blob, c text, d blob);\n"
                            "insert into t values('x', x'" + hex_of(large) + "', 'y', x'" +
                            hex_of(small) + "'), (null, x'" + hex_of(small) + "', null, null);\n";
    const std::string expected = "[table t row 1]\na = \"x\"\nc = \"y\"\n"
                                 "[table t column b row 1]\n" + large +
                                 "[table t column d row 1]\n" + small +
                                 "[table t column b row 2]\n" + small;
    for (const char* page : {"512", "4096", "65536"}) {
        const std::string file = database("pragma page_size=" + std::string(page) + ";\n" + sql);
        EXPECT_TRUE(rows_of(file) == expected) << page;
        EXPECT_TRUE(rows_of(file, 4097) == expected) << page;
    }
}

TEST(Sqlite, OpensAsManyBlobsOfARowAsItMay) {
    std::string columns, values;
    for (int i = 0; i < 120; ++i) {
        columns += (i == 0 ? "c" : ",c") + std::to_string(i);
        values += (i == 0 ? "x'" : ",x'") + hex_of(test::gzip("x")) + "'";
    }
    const std::string rows =
        rows_of(database("create table t(" + columns + ");insert into t values(" + values + ");"));
    EXPECT_TRUE(rows.starts_with("[table t row 1]\nc100 = \""));
    EXPECT_NE(rows.find("[table t column c99 row 1]\n"), rows.npos);
    EXPECT_EQ(rows.find("[table t column c100 row 1]\n"), rows.npos);
}

/// The log that is there while the statements' connection is open, without what `before` wrote.
std::string log_of(const std::string& before, const std::string& sql) {
    const test::TempDir folder;
    const std::string file = folder.path("x.db"), copy = folder.path("copy");
    const std::string script = folder.write(
        "x.sql", "pragma journal_mode=wal;\n" + before + "\npragma wal_checkpoint(truncate);\n" +
                     "pragma wal_autocheckpoint=0;\n" + sql + "\n.shell cp '" + file + "-wal' '" +
                     copy + "'\n");
    const std::string command = "sqlite3 -batch '" + file + "' < '" + script + "' > /dev/null";
    if (std::system(command.c_str()) != 0) throw std::runtime_error("sqlite3");
    std::ifstream stream(copy, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

std::string rows_of_log(const std::string& log, std::size_t piece = ~std::size_t{0}) {
    return told_by(*make_sqlite_wal_parser(much), log, piece);
}

TEST(SqliteLog, TellsWhatIsNewInEachFrame) {
    const std::string log = log_of("create table t(k, value); insert into t values('old','1');",
                                   "insert into t values('smtp.password','hunter2');\n"
                                   "insert into t values('n',x'" + hex_of(test::gzip("x")) + "');\n"
                                   "create table late(api_key, b);\n"
                                   "insert into late values('abc', 7);\n"
                                   "delete from t where k = 'old';");
    const std::string expected =
        "[table of page 2 row 1 in frame 1]\ncolumn 1 = \"old\"\nold = \"1\"\n"
        "[table of page 2 row 2 in frame 1]\ncolumn 1 = \"smtp.password\"\n"
        "smtp.password = \"hunter2\"\n"
        "[table of page 2 row 3 in frame 2]\ncolumn 1 = \"n\"\n"
        "[table of page 2 column column 2 row 3 in frame 2]\n" + test::gzip("x") +
        "[table late row 1 in frame 5]\napi_key = \"abc\"\nb = 7\n";
    EXPECT_EQ(rows_of_log(log), expected);
    EXPECT_EQ(rows_of_log(log, 77), expected);
    EXPECT_EQ(rows_of_log(log.substr(0, log.size() - 1)),
              expected + "gap SQLite: the log ends in a frame\n");
    EXPECT_EQ(recognise(log), Format::sqlite_wal);
    std::string other = log;
    other[7] = '\1';
    EXPECT_EQ(recognise(other), Format::none) << "another version";
}

TEST(SqliteLog, FollowsATreeAndNoValueBehindItsPage) {
    std::string sql = "create table t(name, v);\nbegin;\n";
    for (int i = 1; i <= 2000; ++i) {
        sql += "insert into t values('n" + std::to_string(i) + "', hex(zeroblob(20)));\n";
    }
    const std::string log = log_of("", sql + "commit;\ninsert into t values('end', '" +
                                           std::string(9000, 'v') + "');\n"
                                           "insert into t values('z', x'" +
                                           hex_of(test::gzip(test::Random(3).bytes(9000))) + "');");
    const std::string rows = rows_of_log(log);
    std::size_t named = 0, at = 0;
    for (; (at = rows.find("\nname = \"n", at)) != rows.npos; ++at) ++named;
    EXPECT_GE(named, 1990U);
    at = rows.find("= \"end\"");
    ASSERT_NE(at, rows.npos);
    const std::size_t values = rows.find_first_not_of('v', rows.find("vvv", at));
    EXPECT_EQ(rows.substr(values, 2), "\"\n");
    EXPECT_LT(values - at, 5000U);
    EXPECT_TRUE(rows.ends_with("gap SQLite: 1 containers go on in other pages of the log; their "
                               "bytes were read as they stand\n")) << rows.substr(rows.size() - 200);
}

TEST(SqliteLog, EndsWhateverItIsGiven) {
    const std::string log = log_of("create table t(k, v);", "insert into t values('a','b');");
    test::Random random(6);
    for (int i = 0; i < 300; ++i) {
        std::string damaged = log;
        for (int flips = 0; flips < 8; ++flips) {
            damaged[random.number(0, damaged.size() - 1)] = static_cast<char>(random.number(0, 255));
        }
        static_cast<void>(rows_of_log(damaged, 1000));
    }
    EXPECT_EQ(rows_of_log(std::string(40, 'x')), "gap SQLite: a damaged write-ahead log\n");
}

TEST(Sqlite, ReadsTablesWithoutRowids) {
    EXPECT_EQ(rows_of(database("create table t(a text, b text, c text, primary key(c, a)) "
                               "without rowid; insert into t values('1','2','4'),('5','6','3');")),
              "[table t row number 1]\nc = \"3\"\na = \"5\"\nb = \"6\"\n"
              "[table t row number 2]\nc = \"4\"\na = \"1\"\nb = \"2\"\n");
    std::string sql = "create table t(k text primary key, v text) without rowid;\nbegin;\n";
    for (int i = 1000; i < 4000; ++i) {
        sql += "insert into t values('k" + std::to_string(i) + "', hex(zeroblob(40)));\n";
    }
    const std::string rows = rows_of(database(sql + "commit;"));
    for (int i = 1000; i < 4000; ++i) {
        ASSERT_NE(rows.find("[table t row number " + std::to_string(i - 999) + "]\nk = \"k" +
                            std::to_string(i) + "\"\n"),
                  rows.npos);
    }
}

TEST(Sqlite, FollowsValuesAcrossPages) {
    test::Random random(2);
    std::string sql = "create table t(a text, b text);\n", expected;
    int number = 0;
    for (const std::size_t size : {400U, 470U, 480U, 490U, 1000U, 5000U, 300'000U}) {
        std::string text = random.text(size);
        std::replace(text.begin(), text.end(), '\n', ' ');
        sql += "insert into t values('" + text + "','end');\n";
        expected += "[table t row " + std::to_string(++number) + "]\na = \"" + text +
                    "\"\nb = \"end\"\n";
    }
    for (const char* page : {"512", "1024", "4096"}) {
        const std::string file = database("pragma page_size=" + std::string(page) + ";\n" + sql);
        EXPECT_TRUE(rows_of(file) == expected) << page;
        EXPECT_TRUE(rows_of(file, 4097) == expected) << page;
    }
}

// Rows over many pages, with some deleted, columns added, and tables dropped.
TEST(Sqlite, ReadsWhatIsLeftOfManyRows) {
    std::string sql = "create table gone(x); create table t(a);\nbegin;\n";
    for (int i = 0; i < 5000; ++i) sql += "insert into t values('row" + std::to_string(i) + "');\n";
    sql += "commit; delete from t where rowid % 3 = 0; drop table gone;\n"
           "alter table t add column later text; alter table t rename column a to named;\n"
           "update t set later='new' where rowid % 5 = 0;\n";
    std::string expected;
    for (int i = 0; i < 5000; ++i) {
        if ((i + 1) % 3 == 0) continue;
        expected += "[table t row " + std::to_string(i + 1) + "]\nnamed = \"row" +
                    std::to_string(i) + "\"\n" + ((i + 1) % 5 == 0 ? "later = \"new\"\n" : "");
    }
    EXPECT_TRUE(rows_of(database(sql)) == expected);
}

TEST(Sqlite, TellsWhatItDoesNotOpen) {
    std::string sql = "create table t(a); insert into t values('x');";
    const std::string file = database(sql + "insert into t values(zeroblob(200000));");
    EXPECT_EQ(rows_of(file, 1000, 128 << 10),
              "gap SQLite: more than 65536 bytes; its tables were not opened\n");
    EXPECT_EQ(rows_of(file.substr(0, 3000)), "gap SQLite: damaged header\n");
    const std::string cut = rows_of(file.substr(0, 100'000));
    EXPECT_NE(cut.find("[table t row 1]\na = \"x\"\n"), cut.npos);
    EXPECT_NE(cut.find("damaged; their bytes were read as they stand"), cut.npos);
}

// Pages that point to each other, and whatever else a changed byte makes.
TEST(Sqlite, EndsWhateverIsDamaged) {
    std::string sql = "pragma page_size=512; create table t(a, b);\nbegin;\n";
    for (int i = 0; i < 60; ++i) sql += "insert into t values('row', hex(zeroblob(40)));\n";
    sql += "insert into t values(hex(zeroblob(2000)), 'end'); commit;";
    const std::string file = database(sql);
    test::Random random(7);
    for (int turn = 0; turn < 3000; ++turn) {
        std::string damaged = file;
        for (std::size_t i = random.number(1, 4); i > 0; --i) {
            const std::size_t page = 512 * random.number(0, file.size() / 512 - 1);
            const std::size_t at = page + random.number(0, turn % 2 == 0 ? 20 : 511);
            damaged[at] = static_cast<char>(random.number(0, 255));
        }
        const std::string rows = rows_of(damaged);
        ASSERT_LT(rows.size(), 64 * file.size());
    }
}

TEST(SqliteSchema, TellsColumnsApart) {
    using Names = std::vector<std::string>;
    EXPECT_EQ(sqlite_columns("CREATE TABLE t(a, b int, \"c \"\"d\" varchar(3,4) default ('x,y'))"),
              (Names{"a", "b", "c \"d"}));
    EXPECT_EQ(sqlite_columns("CREATE TABLE t -- (x)\n (a, /* , b */ c, `d`, 'e', constraint f "
                             "unique(a), primary key(c), foreign key(a) references u(v))"),
              (Names{"a", "c", "d", "e"}));
    EXPECT_EQ(sqlite_columns("create table t(a, b as (a+1), c generated always as (a) stored, d)"),
              (Names{"a", "c", "d"}));
    EXPECT_EQ(sqlite_columns("create table t(a, b primary key, c) without rowid"),
              (Names{"b", "a", "c"}));
    EXPECT_EQ(sqlite_columns(""), Names());
    EXPECT_EQ(sqlite_columns("create table t(((("), Names());
    EXPECT_EQ(sqlite_columns("create table t)))"), Names());
}

TEST(Utf16Reader, GoesOnWhereItWasCut) {
    const std::string little("a\0\xe9\0\xac\x20\x3d\xd8\x00\xde\x00\xdc", 12);
    for (std::size_t cut = 0; cut <= little.size(); ++cut) {
        std::string out;
        Utf16Reader reader;
        reader.take(std::string_view(little).substr(0, cut), out);
        reader.take(std::string_view(little).substr(cut), out);
        EXPECT_EQ(out, "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbd");
    }
}

constexpr const char* rules = R"toml(
[[rule]]
id = "token"
title = "Token"
pattern = '\b(?P<secret>tst_[A-Za-z0-9]{8})\b'

[[rule]]
id = "named"
title = "Password by its name"
pattern = 'password = "(?P<secret>[A-Za-z0-9_]{8,20})"'
)toml";

TEST(NestedSqlite, FindsASecretOnceWithItsRow) {
    test::TestEngine engine(rules);
    const std::string file = database(
        "pragma secure_delete=off; create table u(name text, password text); insert into u values('ann','hunter2hunter2');\n"
        "create table log(line text); insert into log values('used tst_01234567 here');"
        "insert into log values('xx tst_inafreed row, overwritten by nothing'); delete from log "
        "where rowid=2; create table tst_inaname0(a); insert into tst_inaname0 values('tst_thirdone')");
    test::TarBuilder tar;
    tar.file("app.db", file).file("app.db.gz", test::gzip(file));
    const layer::LayerResult result = engine.scan(tar.finish());
    std::string found;
    for (const auto& [finding, ordinal, containers, origins, place] : result.findings) {
        found += finding.rule + ' ' + finding.path;
        for (const std::string& step : finding.inner_path) found += '>' + step;
        found += ':' + std::to_string(finding.line) + '\n';
    }
    for (const std::string way : {"app.db", "app.db.gz>gzip"}) {
        for (const std::string& one :
             {"named " + way + ">table u row 1:2\n", "token " + way + ">table log row 1:1\n",
              "token " + way + ":0\n",
              "token " + way + ">table **** (12 characters) row 1:1\n"}) {
            const std::size_t at = found.find(one);
            EXPECT_NE(at, found.npos) << one << "in\n" << found;
            EXPECT_EQ(found.find(one, at + 1), found.npos) << one << "twice in\n" << found;
        }
    }
    EXPECT_EQ(found.find("tst_"), found.npos) << found;
    EXPECT_TRUE(result.gaps.empty());
}

}  // namespace
}  // namespace stratascan::nested
