// A fuzz target's input as files in a folder of its own.
#pragma once

#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace stratascan::test {

class FilesOfInput {
public:
    FilesOfInput() {
        std::string name = (std::filesystem::temp_directory_path() / "stratascan-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
        path_ = name;
    }
    ~FilesOfInput() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    FilesOfInput(const FilesOfInput&) = delete;
    FilesOfInput& operator=(const FilesOfInput&) = delete;

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    /// Takes away what was there.
    void clear() const {
        for (const auto& entry : std::filesystem::directory_iterator(path_)) {
            std::filesystem::remove_all(entry.path());
        }
    }

    /// Parts that zero bytes divide as a, b, c … with that ending; of more than 8 the last
    /// holds the rest. Their paths, at least one.
    std::vector<std::string> write(std::string_view input, std::string_view ending) const {
        clear();
        std::vector<std::string> paths;
        for (char name = 'a'; paths.empty() || (!input.empty() && name < 'i'); ++name) {
            const std::size_t divider = name == 'h' ? input.npos : input.find('\0');
            const std::size_t end = std::min(divider, input.size());
            paths.push_back(path_ + "/" + name + std::string(ending));
            std::ofstream(paths.back(), std::ios::binary) << input.substr(0, end);
            input.remove_prefix(std::min(input.size(), end + 1));
        }
        return paths;
    }

private:
    std::string path_;
};

}  // namespace stratascan::test
