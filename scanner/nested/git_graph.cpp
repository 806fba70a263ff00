// A blob may be in thousands of trees, so the question is asked the other way
// round: each tree is walked once, and says of 64 blobs at a time which of them
// are somewhere in it.
#include "scanner/nested/git_graph.hpp"

#include <algorithm>
#include <charconv>
#include <tuple>

namespace stratascan::nested {

namespace {

constexpr std::uint32_t top = std::uint32_t{1} << 31U;
constexpr std::size_t blobs_at_once = 64;
constexpr std::uint64_t most_work = std::uint64_t{1} << 31U;  // entries looked at
constexpr std::size_t longest_path = 4096;

// A line of a commit's header: "KEY VALUE\n". An empty line ends the header.
std::string_view take_line(std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

// "Name <mail> 1700000000 +0100"
std::int64_t time_of(std::string_view person) {
    const std::size_t at = person.rfind("> ");
    std::int64_t time = 0;
    if (at == person.npos) return time;
    const std::string_view digits = person.substr(at + 2);
    std::from_chars(digits.data(), digits.data() + digits.size(), time);
    return time;
}

}  // namespace

// Of each object: which of the wanted blobs are in it, and whether all below it is
// known.
struct GitGraph::Marks {
    enum : std::uint8_t { fresh, open, done };
    std::vector<std::uint64_t> blobs;
    std::vector<std::uint8_t> state;
    std::vector<bool> whole;
    std::uint64_t work = 0;
    struct Step {
        std::uint32_t object = 0, tree = 0, next = 0;
    };
    std::vector<Step> steps;
};

std::uint32_t GitGraph::object(std::string_view id) {
    const std::uint32_t number = ids_.add(id);
    if (content_of_.size() <= number) content_of_.resize(number + std::size_t{1});
    return number;
}

void GitGraph::add(GitKind kind, const GitId& id, std::string_view contents) {
    if (kind == GitKind::commit) add_commit(id, contents);
    if (kind == GitKind::tree) add_tree(id, contents);
}

void GitGraph::add_commit(const GitId& id, std::string_view contents) {
    Commit commit;
    commit.object = object(id.view());
    if (content_of_[commit.object] != 0) return;
    bool has_tree = false;
    commit.parents = static_cast<std::uint32_t>(parents_.size());
    for (;;) {
        const std::string_view line = take_line(contents);
        if (line.empty()) break;
        const std::size_t space = std::min(line.find(' '), line.size());
        const std::string_view key = line.substr(0, space);
        const std::string_view value = line.substr(std::min(space + 1, line.size()));
        const auto other = id_from_hex(value);
        if (key == "tree" && other && !has_tree) {
            commit.tree = object(other->view());
            has_tree = true;
        } else if (key == "parent" && other) {
            parents_.push_back(object(other->view()));
        } else if (key == "committer") {
            commit.time = time_of(value);
        }
    }
    commit.count = static_cast<std::uint32_t>(parents_.size()) - commit.parents;
    if (!has_tree) return;
    commits_.push_back(commit);
    content_of_[commit.object] = static_cast<std::uint32_t>(commits_.size()) | top;
}

// Entries are "MODE NAME\0" and the id's bytes; a directory's mode is 40000, that
// of another repository's commit 160000.
void GitGraph::add_tree(const GitId& id, std::string_view contents) {
    const std::uint32_t number = object(id.view());
    if (content_of_[number] != 0) return;
    Tree tree;
    tree.entries = static_cast<std::uint32_t>(entries_.size());
    while (!contents.empty()) {
        const std::size_t space = contents.find(' ');
        const std::size_t zero = contents.find('\0');
        if (zero == contents.npos || space > zero || contents.size() - zero - 1 < id.size) break;
        const std::string_view mode = contents.substr(0, space);
        const std::string_view name = contents.substr(space + 1, zero - space - 1);
        const std::string_view child = contents.substr(zero + 1, id.size);
        contents.remove_prefix(zero + 1 + id.size);
        if (mode == "160000") continue;
        const bool is_tree = mode == "40000" || mode == "040000";
        entries_.push_back({object(child), names_.add(name) | (is_tree ? top : 0)});
    }
    tree.count = static_cast<std::uint32_t>(entries_.size()) - tree.entries;
    trees_.push_back(tree);
    content_of_[number] = static_cast<std::uint32_t>(trees_.size());
}

// Vectors may have room for half as much again, and the answer takes its marks.
std::uint64_t GitGraph::memory() const noexcept {
    const std::uint64_t kept = ids_.memory() + names_.memory() + 4 * content_of_.size() +
                               sizeof(Tree) * trees_.size() + sizeof(Entry) * entries_.size() +
                               sizeof(Commit) * commits_.size() + 4 * parents_.size();
    return kept + kept / 2 + 10 * content_of_.size();
}

const GitGraph::Commit* GitGraph::commit_of(std::uint32_t object) const {
    const std::uint32_t content = content_of_[object];
    return (content & top) != 0 ? &commits_[(content & ~top) - 1] : nullptr;
}

// Marks `root` and all below it. A tree that holds itself, which no honest hash
// allows, adds nothing.
void GitGraph::mark(std::uint32_t root, Marks& marks) const {
    const auto enter = [&](std::uint32_t object) {
        const std::uint32_t content = content_of_[object];
        if (content == 0 || (content & top) != 0) {
            marks.state[object] = Marks::done;
            return;
        }
        marks.state[object] = Marks::open;
        marks.whole[object] = true;
        marks.steps.push_back({object, content - 1, 0});
    };
    if (marks.state[root] == Marks::fresh) enter(root);
    while (!marks.steps.empty()) {
        Marks::Step& at = marks.steps.back();
        const Tree& tree = trees_[at.tree];
        if (at.next == tree.count) {
            marks.state[at.object] = Marks::done;
            marks.steps.pop_back();
            continue;
        }
        const Entry& entry = entries_[tree.entries + at.next];
        const bool is_tree = (entry.name & top) != 0;
        if (is_tree && marks.state[entry.object] == Marks::fresh) {
            enter(entry.object);  // `at` may be gone; the entry comes again
            continue;
        }
        ++at.next;
        ++marks.work;
        marks.blobs[at.object] |= marks.blobs[entry.object];
        if (is_tree && !marks.whole[entry.object]) marks.whole[at.object] = false;
    }
}

std::string GitGraph::path_of(std::uint32_t root, std::uint32_t blob, const Marks& marks,
                              std::uint64_t bit) const {
    std::string path;
    for (std::uint32_t at = root; path.size() <= longest_path;) {
        const std::uint32_t content = content_of_[at];
        if (content == 0 || (content & top) != 0) return {};
        const Tree& tree = trees_[content - 1];
        const auto first = entries_.begin() + tree.entries;
        const auto next = std::find_if(first, first + tree.count, [&](const Entry& entry) {
            return (marks.blobs[entry.object] & bit) != 0;
        });
        if (next == first + tree.count) return {};
        if (!path.empty()) path += '/';
        path += names_[next->name & ~top];
        at = next->object;
        if (at == blob) return path.size() <= longest_path ? path : std::string();
    }
    return {};
}

void GitGraph::find_some(std::span<const GitId> blobs, const Commit* head, Marks& marks,
                         std::span<BlobHistory> found) const {
    marks.blobs.assign(ids_.size(), 0);
    marks.state.assign(ids_.size(), Marks::fresh);
    marks.whole.assign(ids_.size(), false);
    for (std::size_t i = 0; i < blobs.size(); ++i) {
        if (const auto known = ids_.find(blobs[i].view())) {
            marks.blobs[*known] = std::uint64_t{1} << i;
        }
    }
    for (const Commit& commit : commits_) mark(commit.tree, marks);

    std::vector<const Commit*> best(blobs.size());
    const auto is_earlier = [&](const Commit& left, const Commit& right) {
        return std::tuple(left.time, ids_[left.object]) < std::tuple(right.time, ids_[right.object]);
    };
    for (const Commit& commit : commits_) {
        std::uint64_t brought = marks.blobs[commit.tree];
        for (std::uint32_t i = 0; i < commit.count && brought != 0; ++i) {
            const Commit* const parent = commit_of(parents_[commit.parents + i]);
            if (parent != nullptr) brought &= ~marks.blobs[parent->tree];
        }
        for (std::size_t i = 0; i < blobs.size() && brought >> i != 0; ++i) {
            if ((brought >> i & 1U) == 0) continue;
            if (best[i] == nullptr || is_earlier(commit, *best[i])) best[i] = &commit;
        }
    }
    for (std::size_t i = 0; i < blobs.size(); ++i) {
        const std::uint64_t bit = std::uint64_t{1} << i;
        if (best[i] != nullptr) {
            found[i].commit = GitId::of(ids_[best[i]->object]);
            found[i].time = best[i]->time;
            found[i].path = path_of(best[i]->tree, *ids_.find(blobs[i].view()), marks, bit);
        }
        if (head == nullptr) continue;
        if ((marks.blobs[head->tree] & bit) != 0) {
            found[i].in_head = true;
        } else if (marks.whole[head->tree]) {
            found[i].in_head = false;
        }
    }
}

std::vector<BlobHistory> GitGraph::find(std::span<const GitId> blobs,
                                        const std::optional<GitId>& head) const {
    std::vector<BlobHistory> found(blobs.size());
    const auto head_object = head ? ids_.find(head->view()) : std::nullopt;
    const Commit* const head_commit = head_object ? commit_of(*head_object) : nullptr;
    Marks marks;
    for (std::size_t at = 0; at < blobs.size() && marks.work <= most_work; at += blobs_at_once) {
        const std::size_t some = std::min(blobs_at_once, blobs.size() - at);
        find_some(blobs.subspan(at, some), head_commit, marks, std::span(found).subspan(at, some));
    }
    return found;
}

}  // namespace stratascan::nested
