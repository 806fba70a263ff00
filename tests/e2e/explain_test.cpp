// `rules explain FILE` and `scan --stats` of the same file agree: what the one counts the
// other lists, for files as other programs make them.
#include <gtest/gtest.h>

#include <map>

#include "tests/e2e/run.hpp"

namespace stratascan::e2e {
namespace {

// Candidates of many kinds, some of them secrets, drawn anew by each run.
constexpr const char* maker = R"(
import base64, gzip, io, json, os, random, secrets, sqlite3, string, sys, tarfile, zipfile
folder = sys.argv[1]
def word(size, kinds=string.ascii_letters + string.digits):
    return ''.join(secrets.choice(kinds) for _ in range(size))
def lines(count):
    made = []
    for i in range(count):
        made += [f'password{i} = "changeme"', f'api_key = "{word(32)}"',
                 f'DB_PASSWORD=${{VAULT_{i}}}', f'secret: <your-secret-here>',
                 f'client_secret = "{word(40, "0123456789abcdef")}"',
                 f'token = os.environ["TOKEN_{i}"]', f'password: "{"x" * 16}"',
                 f'auth_token = "{word(24)}"', f'aws_secret_access_key = {word(40)}']
    random.shuffle(made)
    return '\n'.join(made) + '\n'
def write(name, contents):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as file:
        file.write(contents)
with io.BytesIO() as out:
    with zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED) as made:
        for name in ('conf/a.properties', 'conf/b.ini'):
            made.writestr(name, lines(30))
        made.writestr('stored.env', lines(5), zipfile.ZIP_STORED)
    write('zip/settings.zip', out.getvalue())
encoded = base64.b64encode(lines(20).encode()).decode()
write('yaml/values.yaml', f'data:\n  settings: {encoded}\nplain: |\n  {lines(3)}'.encode())
with io.BytesIO() as out:
    with tarfile.open(fileobj=out, mode='w') as made:
        for name, contents in (('logs/a.gz', gzip.compress(lines(20).encode())),
                               ('b.json', json.dumps({'text': lines(9)}).encode())):
            entry = tarfile.TarInfo(name)
            entry.size = len(contents)
            made.addfile(entry, io.BytesIO(contents))
    write('tar/logs.tar', out.getvalue())
write('utf16/export.reg', '\ufeff'.encode('utf-16-le') + lines(20).encode('utf-16-le'))
write('text/settings', lines(200).encode())
path = os.path.join(folder, 'rows')
os.makedirs(path)
with sqlite3.connect(os.path.join(path, 'app.db')) as made:
    made.execute('create table setting(name text, value text)')
    for line in lines(20).splitlines():
        name, _, value = line.replace(': ', ' = ').partition(' = ')
        made.execute('insert into setting values(?, ?)', (name, value.strip('"')))
)";

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

using Counts = std::map<std::string, long>;

// Lines of a number and a reason, below the one that says how many candidates there are.
Counts counts_of(const std::string& text, const std::string& head) {
    Counts counts;
    std::istringstream lines(text);
    bool inside = false;
    for (std::string line; std::getline(lines, line);) {
        if (!inside) {
            inside = line.find(head) != std::string::npos &&
                     line.find(" candidate") != std::string::npos;
            continue;
        }
        const std::size_t at = line.find_first_not_of(' ');
        if (at == 0 || at == std::string::npos || std::isdigit(line[at]) == 0) break;
        const std::size_t end = line.find("  ", at);
        std::string number = line.substr(at, end - at);
        std::erase(number, ',');
        std::erase(number, ' ');
        counts[line.substr(end + 2)] = std::stol(number);
    }
    return counts;
}

class ExplainAgrees : public testing::TestWithParam<const char*> {};

TEST_P(ExplainAgrees, WithTheStatsOfAScan) {
    const TemporaryFolder folder;
    const fs::path script = folder.path() / "make.py";
    std::ofstream(script) << maker;
    const fs::path made = folder.path() / "made";
    const Ran making = run({.words = {python(), script, made}});
    ASSERT_EQ(making.exit, 0) << making.err;
    const fs::path part = made / GetParam();
    const Ran scanned = stratascan({"scan", "--secrets-only", "--no-store", "--stats", "--format",
                                    "json", "dir:" + part.string()});
    const json report = report_of(scanned);
    ASSERT_TRUE(report.is_object()) << scanned.err;
    const std::size_t found = report.at("targets").at(0).at("findings").size();
    const fs::path file = fs::directory_iterator(part)->path();
    const Ran told = stratascan({"rules", "explain", file});
    ASSERT_EQ(told.exit, 0) << told.err;

    Counts counted = counts_of(scanned.err, "dropped");
    Counts listed = counts_of(told.out, " reported, ");
    // Most of these a scan passes over before it looks.
    EXPECT_LE(counted["no digit"], listed["no digit"]);
    counted.erase("no digit");
    listed.erase("no digit");
    EXPECT_GT(counted.size(), 2U) << scanned.err;
    EXPECT_EQ(counted, listed) << told.out.substr(0, 4000);
    EXPECT_GT(found, 0U);
    EXPECT_TRUE(has(told.out, ": " + std::to_string(found) + " reported, ")) << told.out;
}

INSTANTIATE_TEST_SUITE_P(Files, ExplainAgrees,
                         testing::Values("text", "zip", "yaml", "tar", "utf16", "rows"),
                         [](const auto& test) { return std::string(test.param); });

TEST(Explain, ShowsTheWayIn) {
    const TemporaryFolder folder;
    const fs::path script = folder.path() / "make.py";
    std::ofstream(script) << maker;
    ASSERT_EQ(run({.words = {python(), script, folder.path() / "made"}}).exit, 0);
    const fs::path archive = folder.path() / "made" / "tar" / "logs.tar";
    const Ran told = stratascan({"rules", "explain", archive});
    EXPECT_TRUE(has(told.out, archive.string() + " › logs/a.gz › gzip:")) << told.out;
    EXPECT_TRUE(has(told.out, archive.string() + " › b.json:1 › escapes  ")) << told.out;
}

}  // namespace
}  // namespace stratascan::e2e
