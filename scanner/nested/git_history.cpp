#include "scanner/nested/git_history.hpp"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "scanner/match/drop_reason.hpp"

namespace stratascan::nested {

namespace {

constexpr std::uint64_t most_ref_bytes = 4 << 20;  // of all ref files of a layer
constexpr std::size_t most_repositories = 10'000;

// All names but the last, which is cut to a repository's folder.
std::string key_of(const NamesIn& names, std::string_view root) {
    std::string key;
    for (std::size_t i = 0; i + 1 < names.size(); ++i) key += names[i] + '\0';
    key += root;
    return key;
}

// The folder in front of `below`, which begins a path or follows a slash.
std::optional<std::string_view> folder_before(std::string_view path, std::string_view below) {
    const std::size_t at = path.rfind(below);
    if (at == path.npos || (at > 0 && path[at - 1] != '/')) return std::nullopt;
    return path.substr(0, at);
}

bool ends_in(std::string_view path, std::string_view name) {
    return path.ends_with(name) &&
           (path.size() == name.size() || path[path.size() - name.size() - 1] == '/');
}

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

}  // namespace

GitFileName git_file_name(std::string_view path) noexcept {
    GitFileName name;
    if (const auto root = folder_before(path, "objects/pack/")) {
        name.root = *root;
        name.in_repository = true;
        const std::size_t dash = path.rfind('-');
        const std::string_view hex = path.substr(dash == path.npos ? path.size() : dash + 1);
        if (hex.size() >= 64 && id_from_hex(hex.substr(0, 64))) name.hash = GitHash::sha256;
        return name;
    }
    for (const std::size_t digits : {std::size_t{40}, std::size_t{64}}) {
        constexpr std::string_view folder = "objects/";
        const std::size_t tail = folder.size() + digits + 1;
        if (path.size() < tail) continue;
        const std::size_t at = path.size() - tail;
        std::string hex(path.substr(at + folder.size()));
        if (path.substr(at, folder.size()) != folder || (at > 0 && path[at - 1] != '/')) continue;
        if (hex[2] != '/') continue;
        hex.erase(2, 1);
        name.claimed = id_from_hex(hex);
        if (!name.claimed) continue;
        name.root = path.substr(0, at);
        name.in_repository = true;
        name.hash = digits == 40 ? GitHash::sha1 : GitHash::sha256;
        return name;
    }
    return name;
}

bool may_be_git_ref(std::string_view path) noexcept {
    return ends_in(path, "HEAD") || ends_in(path, "packed-refs") ||
           folder_before(path, "refs/heads/").has_value();
}

std::uint32_t GitHistory::repository(const NamesIn& names) {
    const GitFileName name = git_file_name(names.back());
    // A file that lies in no repository has the folder "FILE\0", as no file has.
    std::string key = name.in_repository ? key_of(names, name.root)
                                         : key_of(names, names.back()) + '\0';
    const auto next = static_cast<std::uint32_t>(repositories_.size());
    if (next >= most_repositories && !numbers_.contains(key)) {
        truncated_ = true;
        return next;
    }
    const auto [at, fresh] = numbers_.try_emplace(key, next);
    if (fresh) {
        repositories_.push_back(std::make_unique<Repository>());
        Repository& made = *repositories_.back();
        made.key = std::move(key);
        graph_bytes_ += made.key.size() + 256 + made.graph.memory();
    }
    return at->second;
}

void GitHistory::add_object(std::uint32_t repository, GitKind kind, const GitId& id,
                            std::string_view contents) {
    if (kind != GitKind::commit && kind != GitKind::tree) return;
    if (repository >= repositories_.size()) return;
    // An entry of a tree takes at least 24 bytes there and rarely more here.
    if (memory() + 2 * contents.size() > memory_) truncated_ = true;
    if (truncated_) return;
    GitGraph& graph = repositories_[repository]->graph;
    graph_bytes_ -= graph.memory();
    graph.add(kind, id, contents);
    graph_bytes_ += graph.memory();
}

void GitHistory::miss_object(GitKind kind) {
    if (kind == GitKind::commit || kind == GitKind::tree) truncated_ = true;
}

// "ref: refs/heads/main", an id, or packed-refs with a line "ID NAME" each.
void GitHistory::add_ref_file(const NamesIn& names, std::string_view text) {
    if (!ends_in(names.back(), "packed-refs")) {
        text = first_line(text);
        const bool symbolic = text.starts_with("ref: refs/") && text.size() < 4096;
        if (!symbolic && !id_from_hex(text)) return;
    } else if (!text.starts_with("# pack-refs") && !id_from_hex(text.substr(0, text.find(' ')))) {
        return;
    }
    std::string key = key_of(names, names.back());
    ref_bytes_ += key.size() + text.size() + 128;
    if (ref_bytes_ <= most_ref_bytes) ref_files_.insert_or_assign(std::move(key), std::string(text));
}

std::optional<GitId> GitHistory::ref(const std::string& folder, const std::string& name) const {
    if (const auto file = ref_files_.find(folder + name); file != ref_files_.end()) {
        return id_from_hex(file->second);
    }
    const auto packed = ref_files_.find(folder + "packed-refs");
    if (packed == ref_files_.end()) return std::nullopt;
    std::string_view rest = packed->second;
    while (!rest.empty()) {
        const std::string_view line = first_line(rest);
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        const std::size_t space = line.find(' ');
        if (space != line.npos && line.substr(space + 1) == name) {
            return id_from_hex(line.substr(0, space));
        }
    }
    return std::nullopt;
}

std::optional<GitId> GitHistory::head_of(const std::string& key) const {
    const auto head = ref_files_.find(key + "HEAD");
    if (head == ref_files_.end()) return std::nullopt;
    constexpr std::string_view symbolic = "ref: ";
    const std::string& text = head->second;
    if (!text.starts_with(symbolic)) return id_from_hex(text);
    return ref(key, text.substr(symbolic.size()));
}

// A finding in a blob of a repository.
struct GitHistory::Asked {
    std::size_t finding = 0;
    std::size_t step = 0;  // of its inner path, that names the blob
    std::uint32_t repository = 0;
    GitId blob;
    BlobHistory answer;
};

std::vector<GitHistory::Asked> GitHistory::ask(
    const std::vector<layer::LayerFinding>& findings) const {
    std::vector<Asked> asked;
    for (std::size_t i = 0; i < findings.size(); ++i) {
        const Finding& finding = findings[i].finding;
        NamesIn names = {finding.path};
        for (std::size_t step = 0; step < finding.inner_path.size(); ++step) {
            constexpr std::string_view blob = "blob ";
            const std::string& name = finding.inner_path[step];
            const auto id = name.starts_with(blob) ? id_from_hex(name.substr(blob.size()))
                                                   : std::nullopt;
            if (id) {
                const GitFileName file = git_file_name(names.back());
                const auto known = numbers_.find(
                    file.in_repository ? key_of(names, file.root)
                                       : key_of(names, names.back()) + '\0');
                if (known != numbers_.end()) asked.push_back({i, step, known->second, *id, {}});
                break;
            }
            names.push_back(name);
        }
    }
    return asked;
}

void GitHistory::tell(layer::LayerResult& result,
                      const std::function<std::string(std::string_view)>& clean,
                      layer::DroppedTold* told) const {
    std::vector<Asked> asked = ask(result.findings);
    std::map<std::uint32_t, std::map<std::string, std::vector<std::size_t>>> by_repository;
    for (std::size_t i = 0; i < asked.size(); ++i) {
        by_repository[asked[i].repository][std::string(asked[i].blob.view())].push_back(i);
    }
    std::map<std::string, std::string> cleaned;
    for (const auto& [number, blobs] : by_repository) {
        const Repository& repository = *repositories_[number];
        std::vector<GitId> ids;
        for (const auto& [id, askers] : blobs) ids.push_back(GitId::of(id));
        const auto answers = repository.graph.find(ids, head_of(repository.key));
        std::size_t next = 0;
        for (const auto& [id, askers] : blobs) {
            const BlobHistory& answer = answers[next++];
            for (const std::size_t i : askers) asked[i].answer = answer;
        }
    }

    // The earliest of each secret in the versions of one path.
    using Version = std::tuple<std::uint32_t, std::string, std::string, std::string>;
    std::map<Version, std::size_t> kept;
    std::vector<bool> gone(result.findings.size());
    const auto is_earlier = [](const Asked& left, const Asked& right) {
        const auto commit = [](const Asked& one) {
            return one.answer.commit ? one.answer.commit->view() : std::string_view();
        };
        return std::tuple(left.answer.time, commit(left), left.finding) <
               std::tuple(right.answer.time, commit(right), right.finding);
    };
    for (std::size_t i = 0; i < asked.size(); ++i) {
        Asked& one = asked[i];
        const Finding& finding = result.findings[one.finding].finding;
        // A blob that no commit is known for may still be there twice.
        std::string place = one.answer.path;
        if (place.empty()) place = '\0' + std::string(one.blob.view());
        for (std::size_t step = one.step + 1; step < finding.inner_path.size(); ++step) {
            place += '\0' + finding.inner_path[step];
        }
        const auto [at, fresh] = kept.try_emplace(
            {one.repository, finding.rule, finding.secret_id, std::move(place)}, i);
        if (fresh) continue;
        Asked& before = asked[at->second];
        const bool in_head = one.answer.in_head.value_or(false) ||
                             before.answer.in_head.value_or(false);
        Asked& stays = is_earlier(one, before) ? one : before;
        Asked& goes = &stays == &one ? before : one;
        if (in_head) stays.answer.in_head = true;
        gone[goes.finding] = true;
        at->second = static_cast<std::size_t>(&stays - asked.data());
    }
    for (const Asked& one : asked) {
        if (gone[one.finding]) continue;
        Finding& finding = result.findings[one.finding].finding;
        finding.in_head = one.answer.in_head;
        if (!one.answer.commit) continue;
        const auto [path, fresh] = cleaned.try_emplace(one.answer.path);
        if (fresh) path->second = clean(one.answer.path);
        std::string step = object_step(GitKind::commit, *one.answer.commit);
        if (!path->second.empty()) step += ' ' + path->second;
        finding.inner_path.insert(
            finding.inner_path.begin() + static_cast<std::ptrdiff_t>(one.step) + 1,
            std::move(step));
        ++result.findings[one.finding].containers;
    }
    std::size_t at = 0;
    std::erase_if(result.findings, [&](const layer::LayerFinding& found) {
        const bool goes = gone[at++];
        if (goes) layer::drop(result, told, found, match::dropped::other_version);
        return goes;
    });
}

}  // namespace stratascan::nested
