// The HTML report in a real browser: what it shows, and that nothing of an image runs.
#include "tests/e2e/expect.hpp"

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

std::size_t count_of(const std::string& text, const std::string& part) {
    std::size_t number = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
        ++number;
    }
    return number;
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

}  // namespace
}  // namespace stratascan::e2e
