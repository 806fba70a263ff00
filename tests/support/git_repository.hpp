// A repository made by the real git, with dates and names of its own, so that the
// same steps always make the same ids.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

#include "tests/support/image_builder.hpp"
#include "tests/support/tar_builder.hpp"

namespace stratascan::test {

class GitRepository {
public:
    /// `format`: "sha1" or "sha256".
    explicit GitRepository(const std::string& format = "sha1") {
        run("init -q -b main --object-format=" + format + " .");
    }

    /// Runs git and gives its standard output; throws where it fails.
    std::string run(const std::string& arguments) const {
        const std::string date = "'" + std::to_string(1700000000 + 60 * tick_) + " +0000'";
        const std::string command =
            "cd '" + path() + "' && env -i PATH=\"$PATH\" HOME=/nonexistent GIT_CONFIG_NOSYSTEM=1 "
            "GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.com GIT_COMMITTER_NAME=c "
            "GIT_COMMITTER_EMAIL=c@example.com GIT_AUTHOR_DATE=" + date +
            " GIT_COMMITTER_DATE=" + date + " git " + arguments;
        FILE* const pipe = ::popen(command.c_str(), "r");
        if (pipe == nullptr) throw std::runtime_error("popen");
        std::string out;
        char buffer[1 << 16];
        for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
            out.append(buffer, got);
        }
        if (::pclose(pipe) != 0) throw std::runtime_error("git " + arguments);
        return out;
    }

    void write(const std::string& name, std::string_view text) const { folder_.write(name, text); }
    void remove(const std::string& name) const { std::filesystem::remove(folder_.path(name)); }
    /// Commits all there is, a minute after the last one; gives the commit's id.
    std::string commit(const std::string& message = "change") {
        ++tick_;
        run("add -A");
        run("commit -q --allow-empty -m '" + message + "'");
        return id("HEAD");
    }
    std::string id(const std::string& name) const {
        std::string text = run("rev-parse '" + name + "'");
        while (text.ends_with('\n')) text.pop_back();
        return text;
    }

    /// All of the repository's files, as members of a tar, below `prefix`.
    void into(TarBuilder& tar, const std::string& prefix) const {
        std::map<std::string, std::string> files;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(path())) {
            if (!entry.is_regular_file()) continue;
            files[entry.path().lexically_relative(path()).string()] = read(entry.path());
        }
        for (auto& [name, bytes] : files) tar.file(prefix + name, std::move(bytes));
    }
    /// The only pack.
    [[nodiscard]] std::string pack() const {
        for (const auto& entry :
             std::filesystem::directory_iterator(path() + "/.git/objects/pack")) {
            if (entry.path().extension() == ".pack") return read(entry.path());
        }
        throw std::runtime_error("no pack");
    }
    /// "KIND ID" and contents of all objects, as git itself tells them.
    [[nodiscard]] std::map<std::string, std::string> objects() const {
        const std::string all = run("cat-file --batch-all-objects --batch");
        std::map<std::string, std::string> found;
        for (std::size_t at = 0; at < all.size();) {
            const std::size_t line = all.find('\n', at);
            const std::string head = all.substr(at, line - at);  // ID KIND SIZE
            const std::size_t first = head.find(' '), second = head.rfind(' ');
            const std::size_t size = std::stoul(head.substr(second + 1));
            found[head.substr(first + 1, second - first) + head.substr(0, first)] =
                all.substr(line + 1, size);
            at = line + 1 + size + 1;
        }
        return found;
    }
    [[nodiscard]] std::string path() const { return folder_.path(); }

private:
    static std::string read(const std::filesystem::path& path) {
        std::ifstream file(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    TempDir folder_;
    unsigned tick_ = 0;
};

}  // namespace stratascan::test
