// The policies that the program carries, as the build laid them one behind the other:
// "name\0text\0" for each file of patterns/policies/.
#include <cstdio>
#include <cstdlib>

#include "scanner/policy/policy.hpp"

extern "C" {
extern const char stratascan_policies_begin[];
extern const char stratascan_policies_end[];
}

namespace stratascan::policy {

namespace {

std::vector<CarriedFile> all_files() {
    std::string_view rest(
        stratascan_policies_begin,
        static_cast<std::size_t>(stratascan_policies_end - stratascan_policies_begin));
    std::vector<CarriedFile> files;
    while (!rest.empty()) {
        const std::size_t name = rest.find('\0');
        const std::size_t end = rest.find('\0', name + 1);
        files.push_back({rest.substr(0, name), rest.substr(name + 1, end - name - 1)});
        rest.remove_prefix(end + 1);
    }
    return files;
}

constexpr std::string_view catalogue_id = "checks";

}  // namespace

const std::vector<CarriedFile>& carried_policies() {
    static const std::vector<CarriedFile> files = [] {
        std::vector<CarriedFile> all = all_files();
        std::erase_if(all, [](const CarriedFile& file) { return file.id == catalogue_id; });
        return all;
    }();
    return files;
}

const CarriedFile* carried_policy(std::string_view id) {
    for (const CarriedFile& file : carried_policies()) {
        if (file.id == id) return &file;
    }
    return nullptr;
}

const std::vector<CheckInfo>& catalogue() {
    static const std::vector<CheckInfo> checks = [] {
        for (const CarriedFile& file : all_files()) {
            if (file.id != catalogue_id) continue;
            auto read = read_catalogue(file.text, "checks.toml");
            if (read) return std::move(*read);
            // The tests read the same file: this is a broken build, not a user's mistake.
            static_cast<void>(
                std::fprintf(stderr, "stratascan: %s\n", read.error().message().c_str()));
            std::abort();
        }
        return std::vector<CheckInfo>();
    }();
    return checks;
}

}  // namespace stratascan::policy
