// Nothing above the store's interface knows which database is behind it.
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>

namespace {

namespace fs = std::filesystem;

bool is_source(const fs::path& file) {
    return file.extension() == ".cpp" || file.extension() == ".hpp";
}

/// The first line of `file` that includes one of the database's own headers.
std::string knows_the_database(const fs::path& file) {
    constexpr std::array headers = {"<sqlite3.h>",           "scanner/store/sqlite_store.hpp",
                                    "scanner/store/database.hpp", "scanner/store/schema.hpp",
                                    "scanner/store/dialect.hpp",  "scanner/store/finder.hpp"};
    std::ifstream text(file);
    for (std::string line; std::getline(text, line);) {
        if (!line.starts_with("#include")) continue;
        for (const char* header : headers) {
            if (line.find(header) != std::string::npos) return line;
        }
    }
    return {};
}

TEST(StoreBorder, NothingAboveItKnowsTheDatabase) {
    const fs::path root = fs::path(STRATASCAN_SOURCE);
    std::size_t seen = 0;
    std::size_t behind = 0;
    for (const char* folder : {"scanner", "include"}) {
        for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / folder)) {
            if (!is_source(entry.path())) continue;
            const fs::path inside = entry.path().lexically_relative(root);
            const std::string line = knows_the_database(entry.path());
            ++seen;
            if (inside.string().starts_with("scanner/store/")) {
                behind += line.empty() ? 0 : 1;
            } else {
                EXPECT_EQ(line, "") << inside;
            }
        }
    }
    EXPECT_GT(seen, 300U);
    EXPECT_GT(behind, 5U) << "the names of the headers are not these any more";
}

}  // namespace
