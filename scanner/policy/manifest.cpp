#include "scanner/policy/manifest.hpp"

#include <fmt/format.h>
#include <yaml.h>

#include <algorithm>

#include "scanner/policy/toml_reader.hpp"

namespace stratascan::policy {

namespace {

constexpr std::size_t details_told = 100;

// Below one key, aliases followed. Lists that are empty tell nothing, and may stand in each other
// as often as nine to the eighth.
constexpr std::size_t most_looked_at = 100'000;

class Parser {
public:
    explicit Parser(std::string_view yaml) {
        yaml_parser_initialize(&parser_);
        yaml_parser_set_input_string(&parser_,
                                     reinterpret_cast<const unsigned char*>(yaml.data()),
                                     yaml.size());
    }
    Parser(const Parser&) = delete;
    Parser& operator=(const Parser&) = delete;
    ~Parser() { yaml_parser_delete(&parser_); }

    yaml_parser_t* get() noexcept { return &parser_; }

private:
    yaml_parser_t parser_{};
};

class Document {
public:
    /// False where the input is damaged.
    bool load(Parser& parser) {
        loaded_ = yaml_parser_load(parser.get(), &document_) == 1;
        return loaded_;
    }
    Document() = default;
    Document(const Document&) = delete;
    Document& operator=(const Document&) = delete;
    ~Document() {
        if (loaded_) yaml_document_delete(&document_);
    }

    const yaml_node_t* root() { return yaml_document_get_root_node(&document_); }
    const yaml_node_t* node(int index) { return yaml_document_get_node(&document_, index); }

private:
    yaml_document_t document_{};
    bool loaded_ = false;
};

// libyaml looks at every open bracket for each token, at every anchor for each anchor and alias,
// and at every tag that is declared for each tag, so its time grows with the square of them: a
// text is looked through until it has more than any manifest. Gives what of, or "". Nothing is
// told of one that is damaged; load() finds that, too.
std::string_view what_is_too_much(std::string_view yaml) {
    constexpr int deepest = 200, most_anchors = 1000, most_tags = 100;
    Parser parser(yaml);
    int depth = 0, anchors = 0, tags = 0;
    while (true) {
        if (depth > deepest) return "the manifest is nested too deeply";
        if (anchors > most_anchors) return "the manifest has more than 1000 anchors";
        if (tags > most_tags) return "the manifest declares more than 100 tags";
        yaml_token_t token;
        if (yaml_parser_scan(parser.get(), &token) != 1) return {};
        const yaml_token_type_t type = token.type;
        yaml_token_delete(&token);
        switch (type) {
            case YAML_NO_TOKEN:
            case YAML_STREAM_END_TOKEN: return {};
            case YAML_ANCHOR_TOKEN: ++anchors; break;
            case YAML_TAG_DIRECTIVE_TOKEN: ++tags; break;
            case YAML_FLOW_SEQUENCE_START_TOKEN:
            case YAML_FLOW_MAPPING_START_TOKEN:
            case YAML_BLOCK_SEQUENCE_START_TOKEN:
            case YAML_BLOCK_MAPPING_START_TOKEN: ++depth; break;
            case YAML_FLOW_SEQUENCE_END_TOKEN:
            case YAML_FLOW_MAPPING_END_TOKEN:
            case YAML_BLOCK_END_TOKEN: --depth; break;
            default: break;
        }
    }
}

std::string_view text_of(const yaml_node_t* node) {
    if (node == nullptr || node->type != YAML_SCALAR_NODE) return {};
    return {reinterpret_cast<const char*>(node->data.scalar.value), node->data.scalar.length};
}

// `remotes: []`, `remotes: ~` and `remotes:` say that there are none.
bool is_empty(const yaml_node_t* node) {
    if (node == nullptr) return true;
    switch (node->type) {
        case YAML_SEQUENCE_NODE:
            return node->data.sequence.items.start == node->data.sequence.items.top;
        case YAML_MAPPING_NODE:
            return node->data.mapping.pairs.start == node->data.mapping.pairs.top;
        case YAML_SCALAR_NODE: {
            const std::string_view text = text_of(node);
            const bool plain = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
            return text.empty() ||
                   (plain && (text == "~" || text == "null" || text == "Null" || text == "NULL"));
        }
        default: return true;
    }
}

class ManifestReader {
public:
    ManifestReader(Document& document, const Cleaned& cleaned, ManifestVerdict& verdict)
        : document_(document), cleaned_(cleaned), verdict_(verdict) {}

    void read(const yaml_node_t* root) {
        if (const auto* app = member(root, "app", "app")) {
            std::string_view id = text_of(member(app, "id", "app.id"));
            if (id.empty()) id = text_of(member(app, "name", "app.name"));
            const std::string whole = cleaned_(id);
            verdict_.app = whole.substr(whole.rfind('/') + 1).substr(0, 80);
        }
        if (const auto* permissions = member(root, "permissions", "permissions")) {
            // The page's example has fonts and scripts beside `external`, not below it.
            for (const char* key : {"external", "fetch", "fonts", "scripts", "styles", "images",
                                    "media", "frames"}) {
                const std::string path = std::string("permissions.") + key;
                const auto* egress = member(permissions, key, path);
                if (is_empty(egress)) continue;
                // Below it, lists may be empty.
                const std::size_t before = leaves_;
                looked_at_ = 0;
                Way way{path};
                look_for_leaves(egress, way);
                if (leaves_ > before) {
                    add_reason("App has egress permissions");
                } else if (looked_at_ > most_looked_at) {
                    add_doubt(egress, path + " has more below it than is looked at");
                }
            }
        }
        if (const auto* remotes = member(root, "remotes", "remotes"); !is_empty(remotes)) {
            add_reason("App is using remote services");
            tell(remotes, "remotes");
        }
        if (const auto* connect = member(root, "connectModules", "connectModules");
            !is_empty(connect)) {
            add_reason("App has Connect modules");
            tell(connect, "connectModules");
        }
    }

private:
    // The last of equal keys counts, as YAML readers have it; that there are two is told.
    const yaml_node_t* member(const yaml_node_t* map, std::string_view key,
                              const std::string& path) {
        if (map == nullptr || map->type != YAML_MAPPING_NODE) return nullptr;
        const yaml_node_t* found = nullptr;
        for (const auto* pair = map->data.mapping.pairs.start; pair < map->data.mapping.pairs.top;
             ++pair) {
            const yaml_node_t* name = document_.node(pair->key);
            const std::string_view text = text_of(name);
            if (text == "<<") add_doubt(name, "a merge key can bring in more than stands there");
            if (text != key) continue;
            if (found != nullptr) add_doubt(name, path + " is there twice");
            found = document_.node(pair->value);
        }
        return found;
    }

    /// A key and those below it, to a value.
    using Way = std::vector<std::string_view>;

    // Ends where enough was told, too: what follows is a leaf more.
    void look_for_leaves(const yaml_node_t* node, Way& way) {
        constexpr std::size_t deepest = 8;
        if (++looked_at_ > most_looked_at || leaves_ > details_told || is_empty(node)) return;
        if (way.size() > deepest || node->type == YAML_SCALAR_NODE) return tell_leaf(node, way);
        if (node->type == YAML_SEQUENCE_NODE) {
            for (const auto* item = node->data.sequence.items.start;
                 item < node->data.sequence.items.top && looked_at_ <= most_looked_at; ++item) {
                way.emplace_back();
                look_for_leaves(document_.node(*item), way);
                way.pop_back();
            }
            return;
        }
        for (const auto* pair = node->data.mapping.pairs.start;
             pair < node->data.mapping.pairs.top && looked_at_ <= most_looked_at; ++pair) {
            way.push_back(text_of(document_.node(pair->key)));
            look_for_leaves(document_.node(pair->value), way);
            way.pop_back();
        }
    }

    void tell_leaf(const yaml_node_t* node, const Way& way) {
        ++leaves_;
        if (verdict_.details.size() >= details_told) return;
        std::string text(way.front());
        for (auto step = way.begin() + 1; step < way.end(); ++step) {
            if (!step->empty()) text += '.' + cleaned_(*step).substr(0, 80);
        }
        tell(node, text + ": " + cleaned_(text_of(node)).substr(0, 200));
    }

    void tell(const yaml_node_t* node, const std::string& what) {
        if (verdict_.details.size() >= details_told) return;
        verdict_.details.push_back(fmt::format("line {}: {}", node->start_mark.line + 1, what));
    }

    void add_reason(const char* reason) {
        auto& reasons = verdict_.reasons;
        if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end()) {
            reasons.emplace_back(reason);
        }
    }

    void add_doubt(const yaml_node_t* at, const std::string& what) {
        auto& doubts = verdict_.doubts;
        if (doubts.size() >= details_told) return;  // one is enough
        std::string text = fmt::format("line {}: {}", at->start_mark.line + 1, what);
        if (std::find(doubts.begin(), doubts.end(), text) == doubts.end()) {
            doubts.push_back(std::move(text));
        }
    }

    Document& document_;
    const Cleaned& cleaned_;
    ManifestVerdict& verdict_;
    std::size_t looked_at_ = 0, leaves_ = 0;
};

}  // namespace

Result<ManifestVerdict> judge_manifest(std::string_view yaml, const std::string& name,
                                       const Cleaned& cleaned) {
    if (const std::string_view what = what_is_too_much(yaml); !what.empty()) {
        return fail(ErrorCode::over_limit, std::string(what), name,
                    "give a Forge app's manifest.yml");
    }
    Parser parser(yaml);
    Document document;
    if (!document.load(parser)) {
        return fail(ErrorCode::malformed, "the manifest is no YAML",
                    fmt::format("{}:{}", name, parser.get()->problem_mark.line + 1));
    }
    const yaml_node_t* root = document.root();
    if (root == nullptr || root->type != YAML_MAPPING_NODE) {
        return fail(ErrorCode::malformed, "the manifest is no mapping", name,
                    "give a Forge app's manifest.yml");
    }
    ManifestVerdict verdict;
    verdict.file = name;
    ManifestReader(document, cleaned, verdict).read(root);
    Document second;
    if (!second.load(parser) || second.root() != nullptr) {
        verdict.doubts.emplace_back("more stands behind its end than one document");
    }
    return verdict;
}

Result<ManifestVerdict> load_manifest(const std::string& path, const Cleaned& cleaned) {
    const auto text = read_small_file(path, "manifest");
    if (!text) return std::unexpected(text.error());
    return judge_manifest(*text, path, cleaned);
}

}  // namespace stratascan::policy
