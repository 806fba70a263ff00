// A git bundle: a line that says so, lines of what must be there already and of refs, an empty
// line, and a pack, which is read like any other (git_pack.hpp). In version 3 a line may say
// that ids are SHA-256. gitformat-bundle(5).
#include <utility>

#include "scanner/nested/git_pack.hpp"

namespace stratascan::nested {

namespace {

constexpr std::string_view sha256_line = "@object-format=sha256";

class GitBundleParser final : public ArchiveParser {
public:
    GitBundleParser(GitHistory& history, std::uint32_t repository, std::uint64_t memory)
        : history_(history), repository_(repository), memory_(memory) {}

    Found step(std::string_view& in, bool last) override {
        while (!pack_) {
            if (in.empty()) {
                if (!last || std::exchange(ended_, true)) return Found::need_input;
                return lost("git bundle: it ends early", 0);
            }
            take_line(in);
        }
        const Found found = pack_->step(in, last);
        head_ = pack_->head();
        header_ = pack_->header();
        bytes_ = pack_->bytes();
        what_ = pack_->what();
        lost_bytes_ = pack_->lost_bytes();
        return found;
    }

    bool makes_contents() const override { return true; }
    std::uint64_t hold() const override { return pack_ ? pack_->hold() : 0; }
    bool over_memory() const override { return pack_ && pack_->over_memory(); }

private:
    // Of a line as much is kept as tells anything.
    void take_line(std::string_view& in) {
        const std::size_t end = in.find('\n');
        line_ += in.substr(0, end).substr(0, sha256_line.size() + 1 - line_.size());
        in.remove_prefix(end == in.npos ? in.size() : end + 1);
        if (end == in.npos) return;
        if (line_ == sha256_line) hash_ = GitHash::sha256;
        if (line_.empty()) pack_ = make_git_pack_parser(history_, repository_, hash_, memory_);
        line_.clear();
    }

    GitHistory& history_;
    std::uint32_t repository_;
    std::uint64_t memory_;
    GitHash hash_ = GitHash::sha1;
    std::string line_;
    bool ended_ = false;
    std::unique_ptr<ArchiveParser> pack_;
};

}  // namespace

std::unique_ptr<ArchiveParser> make_git_bundle_parser(GitHistory& history,
                                                      std::uint32_t repository,
                                                      std::uint64_t memory) {
    return std::make_unique<GitBundleParser>(history, repository, memory);
}

}  // namespace stratascan::nested
