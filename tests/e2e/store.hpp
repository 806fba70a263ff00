// A store of a test's own, and the program with it.
#pragma once

#include <cstdlib>
#include <string>
#include <vector>

#include "tests/e2e/run.hpp"

namespace stratascan::e2e {

/// A place for a store of the test's own.
class Place {
public:
    [[nodiscard]] std::string file() const { return (folder_.path() / "store.sqlite").string(); }
    [[nodiscard]] const fs::path& folder() const { return folder_.path(); }

    [[nodiscard]] Ran sql(const std::string& text) const {
        return run({.words = {"sqlite3", file(), text}});
    }

private:
    TemporaryFolder folder_;
};

inline Built recipe(const std::string& name) {
    Built built = build_recipe(name);
    EXPECT_EQ(built.error, "");
    return built;
}

inline Ran scan_with(const Built& built, const Place& place, std::vector<std::string> more = {}) {
    std::vector<std::string> options = {"--format", "json", "--store", place.file()};
    options.insert(options.end(), more.begin(), more.end());
    return scan_built(built, options);
}

/// "from store" of --stats; 0 where it is not told.
inline int layers_from_store(const Ran& ran) {
    const std::size_t at = ran.err.find("from store");
    return at == std::string::npos ? 0 : std::atoi(ran.err.c_str() + at + 10);
}

inline Ran find_with(const Place& place, std::vector<std::string> what, Command command = {}) {
    what.insert(what.begin(), {"find", "--format", "json", "--store", place.file()});
    return stratascan(what, command);
}

/// Every byte of the store, and every packed part of it unpacked.
inline std::string all_bytes(const Place& place) {
    std::string all;
    for (const auto& file : fs::directory_iterator(place.folder())) {
        if (file.is_regular_file()) all += read_file(file);
    }
    const fs::path parts = place.folder() / "parts";
    fs::create_directory(parts);
    const std::string to = "'" + parts.string() + "/' || ";
    EXPECT_EQ(place.sql("select writefile(" + to +
                        "layer_scan || '-' || kind || '-' || first || '.zst', bytes) "
                        "from layer_part; select writefile(" + to +
                        "'f' || id || '.zst', facts) from image_scan; select writefile(" + to +
                        "'m' || id || '.zst', raw) from manifest where raw is not null").exit,
              0);
    const Ran unpacked = run({.words = {"sh", "-c", "cat " + parts.string() + "/*.zst | zstd -dc"}});
    EXPECT_EQ(unpacked.exit, 0) << unpacked.err;
    return all + unpacked.out;
}

}  // namespace stratascan::e2e
