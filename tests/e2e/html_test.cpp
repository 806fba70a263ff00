// The HTML report in a real browser: what it shows, and that nothing of an image runs.
#include "tests/e2e/gating.hpp"
#include "tests/e2e/report_reading.hpp"

namespace stratascan::e2e {
namespace {

bool have_browser() { return run({.words = {"sh", "-c", "command -v chromium"}}).exit == 0; }

/// The document as it is when its script has run.
std::string shown(const fs::path& page) {
    const fs::path profile = home() / "browser";
    const Ran ran = run({.words = {"chromium", "--headless", "--no-sandbox", "--disable-gpu",
                                   "--user-data-dir=" + profile.string(), "--dump-dom",
                                   "file://" + fs::absolute(page).string()},
                         .timeout_ms = 120'000});
    EXPECT_EQ(ran.exit, 0) << ran.err;
    return ran.out;
}

std::string token() {
    // Not one that anybody issued: the letters are drawn, the checksum is left to chance.
    std::string text = "xox";
    text += "b-";
    for (int i = 0; i < 12; ++i) text += static_cast<char>('1' + (i * 7) % 9);
    text += '-';
    for (int i = 0; i < 12; ++i) text += static_cast<char>('1' + (i * 5) % 9);
    text += '-';
    for (int i = 0; i < 24; ++i) text += static_cast<char>('a' + (i * 11 + i / 3) % 26);
    return text;
}

TEST(Html, ShowsWhatTheReportSaysInABrowser) {
    if (!have_browser()) GTEST_SKIP() << "no chromium";
    const Built built = build_recipe("program-busybox");
    ASSERT_EQ(built.error, "");
    const fs::path page = home() / "busybox.html";
    scan_built(built, {"--format", "html", "--output", page.string()});
    const std::string document = shown(page);
    EXPECT_NE(document.find("busybox 1."), std::string::npos);
    EXPECT_NE(document.find("Everything was read"), std::string::npos);
    EXPECT_NE(document.find("role=\"table\""), std::string::npos);
}

TEST(Html, NamesAndContentsOfAnImageAreTextAndNothingElse) {
    if (!have_browser()) GTEST_SKIP() << "no chromium";
    const TemporaryFolder folder;
    const std::vector<std::string> names = {
        "<img src=x onerror=document.title='owned'>", "<script>document.title='owned'<",
        "a\"onmouseover=\"document.title='owned'", "</script><script>document.title='owned'<",
        "]]><!--", "javascript:document.title='owned'", "${document.title='owned'}",
        "\\u003cscript\\u003e", "line\nbreak", "\x1b[31mred"};
    for (std::size_t i = 0; i < names.size(); ++i) {
        // A slash would be a folder.
        std::string name = names[i];
        for (std::size_t at = 0; (at = name.find('/', at)) != std::string::npos;) {
            fs::create_directories(folder.path() / name.substr(0, at));
            ++at;
        }
        std::ofstream(folder.path() / name) << "token: " << token() << "\n";
    }
    const fs::path page = home() / "hostile.html";
    const Ran ran = stratascan({"scan", "--format", "html", "--output", page.string(),
                                "dir:" + folder.path().string()});
    ASSERT_EQ(ran.exit, 1) << ran.err;
    const std::string source = read_file(page);
    EXPECT_EQ(source.find(token()), std::string::npos);
    EXPECT_EQ(count_of(source, "<script"), 2U) << "the data and the script of the page";
    EXPECT_NE(source.find("default-src 'none'"), std::string::npos);
    EXPECT_EQ(source.find("http:"), std::string::npos);
    EXPECT_EQ(source.find("https:"), std::string::npos) << "no address of anything outside";
    const std::string document = shown(page);
    EXPECT_EQ(document.find("<title>owned"), std::string::npos);
    EXPECT_NE(document.find("<title>Stratascan: "), std::string::npos);
    EXPECT_EQ(document.find("<img"), std::string::npos);
    EXPECT_EQ(count_of(document, "class=\"row\""), names.size()) << "a row for each file";
}

/// What the page is like for somebody who reads it: no fault of accessibility in light and dark,
/// nothing asked of the network, no error.
void expect_readable(const json& said) {
    for (const char* faults : {"light", "dark", "requests", "errors"}) {
        EXPECT_EQ(said.at(faults), json::array()) << faults;
    }
    EXPECT_EQ(said.at("filtered"), 0) << "by a filter that fits nothing";
    EXPECT_NE(said.at("opened"), "") << "by the keyboard";
    EXPECT_EQ(said.at("closed"), true);
}

TEST(Html, OfAGateIsUsedByKeyboardAndTellsWhereSecretsWereHidden) {
    Layout layout;
    add_faults(layout);
    layout.insert(layout.files("keys", {{"srv/id", {private_key(layout.folder()), 0600}}}));
    layout.remove("/srv/id");
    const std::vector<std::string> options = {"--policy", "default,forge,checklist"};
    const fs::path page = layout.folder() / "gate.html";
    std::vector<std::string> as_page = options;
    as_page.insert(as_page.end(), {"--format", "html", "--output", page.string()});
    ASSERT_EQ(gate(layout.target(), as_page).exit, 1);
    const Read read = read_with("page_reader.py", {page.string()});
    if (!read.skipped.empty()) GTEST_SKIP() << read.skipped;
    expect_readable(read.said);
    const json report = verdict_of(layout.target(), options);
    const json& target = report.at("targets").at(0);
    std::size_t rows = target.at("findings").size() + target.at("programs").size();
    for (const json& policy : target.at("gate").at("policies")) rows += policy.at("checks").size();
    EXPECT_EQ(read.said.at("printed"), rows) << "all of them are there on paper";
    const json& badges = read.said.at("badges");
    ASSERT_EQ(badges.size(), 3U);
    EXPECT_EQ(badges.at(1), json({"1 secret, 1 hidden later"}));
    EXPECT_EQ(badges.at(2), json({"hides 1 secret"}));
    EXPECT_EQ(read.said.at("of_layer").at(2), 1) << "what it hid is shown where it is chosen";
}

// What a sweep or scans left in a store, as one page.
TEST(Html, OfTheStoreHasEveryImage) {
    Layout layout;
    layout.config(good);
    add_application(layout);
    layout.name("clean");
    layout.insert(layout.files("keys", {{"srv/id", {private_key(layout.folder()), 0600}}}));
    const std::string store = (layout.folder() / "store.sqlite").string();
    for (const char* name : {"clean", "app"}) {
        stratascan({"scan", "--quiet", "--store", store, layout.target(name)});
    }
    const fs::path page = layout.folder() / "all.html";
    const Ran made = stratascan({"report", "--store", store, "--format", "html", "--output", page});
    ASSERT_EQ(made.exit, 1) << made.err;
    const Read read = read_with("page_reader.py", {page.string()});
    if (!read.skipped.empty()) GTEST_SKIP() << read.skipped;
    expect_readable(read.said);
    EXPECT_EQ(read.said.at("rows"), 1) << "of the image with a secret, which is shown first";
    EXPECT_EQ(read.said.at("badges").at(1), json({"1 secret"}));
}

TEST(Html, OfASweepOpensWithWhatFails) {
    Layout layout;
    layout.config(good);
    add_application(layout);
    layout.name("clean");
    layout.insert(layout.files("keys", {{"srv/id", {private_key(layout.folder()), 0600}}}));
    const fs::path page = layout.folder() / "all.html";
    const Ran made = gate(layout.target("clean"), {layout.target(), "--format", "html", "--output",
                                                   page.string()});
    ASSERT_EQ(made.exit, 1) << made.err;
    const Read read = read_with("page_reader.py", {page.string()});
    if (!read.skipped.empty()) GTEST_SKIP() << read.skipped;
    expect_readable(read.said);
    EXPECT_EQ(read.said.at("badges").size(), 2U) << "layers of the image that fails";
}

}  // namespace
}  // namespace stratascan::e2e
