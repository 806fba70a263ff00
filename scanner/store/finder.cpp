#include "scanner/store/finder.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "scanner/source/digest.hpp"
#include "scanner/store/hex.hpp"
#include "scanner/store/sqlite_store.hpp"

namespace stratascan::store {

namespace {

std::vector<std::int64_t> ids_of(Rows rows) {
    std::vector<std::int64_t> ids;
    while (rows.next()) ids.push_back(rows.number(0));
    return ids;
}

std::string as_digest(const std::string& text) {
    return text.find(':') == text.npos ? "sha256:" + text : text;
}

std::string as_hex(const std::string& text) {
    return text.starts_with("sha256:") ? text.substr(7) : text;
}

// The first text after all that begin with `prefix`; empty where there is none.
std::string behind(std::string prefix) {
    while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xff) prefix.pop_back();
    if (!prefix.empty()) prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
    return prefix;
}

}  // namespace

bool Finder::asks_for_content() const {
    const Question& q = question_;
    return !q.secret_ids.empty() || !q.fingerprints.empty() || !q.account.empty() ||
           !q.rule.empty() || !q.program.empty() || !q.version.empty() || !q.path.empty();
}

void Finder::resolve_secrets() {
    const bool named = !question_.secret_ids.empty() || !question_.fingerprints.empty();
    if (!named && question_.account.empty()) return;
    Ids ids;
    const auto take = [&ids](const Ids& more) { ids.insert(ids.end(), more.begin(), more.end()); };
    for (const std::string& secret : question_.secret_ids) {
        const std::string hmac = hmac_bytes(secret);
        take(ids_of(db_.query("select id from secret where hmac = ?", Bytes{hmac})));
    }
    for (const std::string& print : question_.fingerprints) {
        take(print.starts_with("SHA256:")
                 ? ids_of(db_.query("select id from secret where fingerprint = ?", print))
                 : ids_of(db_.query("select id from secret where spki = ?", as_hex(print))));
    }
    if (!question_.account.empty()) {
        Ids of_account =
            ids_of(db_.query("select id from secret where account = ?", question_.account));
        if (named) {
            std::erase_if(of_account, [&ids](std::int64_t id) {
                return std::find(ids.begin(), ids.end(), id) == ids.end();
            });
        }
        ids = std::move(of_account);
    }
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    secrets_ = std::move(ids);
}

void Finder::resolve_paths() {
    if (question_.path.empty()) return;
    paths_.emplace();
    const Glob glob(question_.path);
    const auto take = [&](Rows rows) {
        while (rows.next()) {
            if (glob.matches(rows.view(1))) paths_->insert(rows.number(0));
        }
    };
    const std::string end = behind(glob.prefix());
    const Bytes from{glob.prefix()};
    const Bytes to{end};
    if (glob.base()) {
        take(db_.query("select id, text from path where base = ?", Bytes{*glob.base()}));
    } else if (end.empty()) {
        take(db_.query("select id, text from path"));
    } else if (glob.of_base()) {
        take(db_.query("select id, text from path where base >= ? and base < ?", from, to));
    } else {
        take(db_.query("select id, text from path where text >= ? and text < ?", from, to));
    }
}

/// "registry/repository", a repository, a target as it was written, each with or without
/// a tag; the digest of a manifest, an index or a config.
void Finder::resolve_images() {
    const std::string& name = question_.image;
    if (name.empty()) return;
    Ids found;
    const auto take = [&found](const Ids& more) {
        found.insert(found.end(), more.begin(), more.end());
    };
    const auto repositories = [this](const std::string& text) {
        return ids_of(db_.query("select r.id from repository r join registry g on "
                                "g.id = r.registry where r.name = ? or r.target = ? or "
                                "g.name || '/' || r.name = ?",
                                text, text, text));
    };
    // No index has the digests of configs, so only what may be one is looked for among them.
    if (const std::string digest = as_digest(name); source::parse_digest(digest)) {
        take(ids_of(db_.query("select id from manifest where digest = ? or config_digest = ?",
                              digest, digest)));
    }
    if (found.empty()) {
        for (const std::int64_t repository : repositories(name)) {
            repositories_.insert(repository);
            take(ids_of(db_.query("select manifest from repo_manifest where repository = ?",
                                  repository)));
        }
    }
    const std::size_t colon = name.rfind(':');
    if (found.empty() && colon != name.npos) {
        for (const std::int64_t repository : repositories(name.substr(0, colon))) {
            repositories_.insert(repository);
            take(ids_of(db_.query("select manifest from tag_history where repository = ? and "
                                  "tag = ?",
                                  repository, name.substr(colon + 1))));
        }
    }
    manifests_.emplace();
    while (!found.empty()) {
        const std::int64_t manifest = found.back();
        found.pop_back();
        if (!manifests_->insert(manifest).second) continue;
        take(ids_of(db_.query("select m.id from manifest_child c join manifest m on "
                              "m.digest = c.child where c.parent = ?",
                              manifest)));
    }
}

void Finder::resolve_layers() {
    const auto add = [this](Rows rows) {
        if (!layers_) layers_.emplace();
        while (rows.next()) layers_->insert(rows.number(0));
    };
    if (!question_.layer.empty()) {
        add(db_.query("select s.id from layer_scan s join blob b on b.id = s.blob "
                      "where b.digest = ?",
                      as_digest(question_.layer)));
    } else if (manifests_ && !secrets_) {
        layers_.emplace();
        for (const std::int64_t manifest : *manifests_) {
            add(db_.query("select l.layer_scan from image_scan i join image_layer l on "
                          "l.image_scan = i.id where i.manifest = ?",
                          manifest));
            add(db_.query("select s.id from manifest_layer m join layer_scan s on "
                          "s.blob = m.blob where m.manifest = ? and s.reusable = 1",
                          manifest));
        }
    }
}

// False: nothing can fit.
bool Finder::resolve() {
    if (!question_.version.empty()) {
        auto range = VersionRange::parse(question_.version);
        if (!range) {
            db_.fail_with(range.error());
            return false;
        }
        range_ = std::move(*range);
    }
    // False: the store has nothing of that name.
    const auto find_name = [this](const std::string& text, auto& found) {
        if (!text.empty()) found = db_.number("select id from name where text = ?", text);
        return text.empty() || found.has_value();
    };
    if (!find_name(question_.rule, rule_) || !find_name(question_.program, program_)) return false;
    resolve_secrets();
    resolve_paths();
    resolve_images();
    resolve_layers();
    return (!secrets_ || !secrets_->empty()) && (!paths_ || !paths_->empty()) &&
           (!manifests_ || !manifests_->empty()) && !db_.failed();
}

bool Finder::fits(const Hit& hit) const {
    if (paths_ && !paths_->contains(hit.path)) return false;
    if (layers_ && !layers_->contains(hit.layer_scan)) return false;
    if (hit.program) {
        return (!program_ || hit.name == *program_) && (!range_ || range_->holds(hit.version));
    }
    return !rule_ || hit.name == *rule_;
}

void Finder::take_findings(Rows rows) {
    while (rows.next()) {
        Hit hit{rows.number(0), rows.number(1), rows.number(2), false, {}, rows.number(3)};
        if (fits(hit)) hits_.push_back(std::move(hit));
    }
}

void Finder::take_programs(Rows rows) {
    while (rows.next()) {
        Hit hit{rows.number(0), rows.number(1), rows.number(2),
                true,           rows.text(4),   rows.number(3)};
        if (fits(hit)) hits_.push_back(std::move(hit));
    }
}

// The narrowest index first; what else is asked for is looked at row by row.
void Finder::gather_findings() {
    if (program_ || range_) return;
    if (secrets_) {
        for (const std::int64_t secret : *secrets_) {
            take_findings(db_.query(
                "select layer_scan, n, rule, path from finding where secret = ?", secret));
        }
    } else if (layers_) {
        for (const std::int64_t layer : *layers_) {
            take_findings(db_.query(
                "select layer_scan, n, rule, path from finding where layer_scan = ?", layer));
        }
    } else if (paths_) {
        for (const std::int64_t path : *paths_) {
            take_findings(
                db_.query("select layer_scan, n, rule, path from finding where path = ?", path));
        }
    } else if (rule_) {
        take_findings(
            db_.query("select layer_scan, n, rule, path from finding where rule = ?", *rule_));
    }
}

void Finder::gather_programs() {
    if (secrets_ || rule_) return;
    if (layers_) {
        for (const std::int64_t layer : *layers_) {
            take_programs(db_.query(
                "select layer_scan, n, name, path, version from program where layer_scan = ?",
                layer));
        }
    } else if (program_) {
        take_programs(db_.query(
            "select layer_scan, n, name, path, version from program where name = ?", *program_));
    } else if (paths_) {
        for (const std::int64_t path : *paths_) {
            take_programs(db_.query(
                "select layer_scan, n, name, path, version from program where path = ?", path));
        }
    }
}

Result<Answer> Finder::answer() {
    if (resolve()) {
        if (asks_for_content()) {
            gather_findings();
            gather_programs();
            place_hits();
        } else if (!question_.layer.empty()) {
            place_layers();
        } else if (manifests_) {
            place_images();
        }
    }
    if (db_.failed()) return std::unexpected(db_.failure());
    std::sort(answer_.matches.begin(), answer_.matches.end(),
              [](const Match& left, const Match& right) {
                  const auto order = [](const Match& of) {
                      return std::tie(of.registry, of.repository, of.digest, of.layer_index,
                                      of.path, of.inner_path, of.what, of.line, of.secret_id);
                  };
                  return order(left) < order(right);
              });
    return std::move(answer_);
}

Result<Answer> SqliteStore::find(const Question& question) {
    const auto lock = begin();
    const Snapshot snapshot(*database_);
    if (question.sha256.empty()) return Finder(*database_, question).answer();
    // A digest may be that of a layer, of an image, or of a key: each is asked.
    Answer all;
    std::vector<Question> questions(3, question);
    questions[0].layer = questions[1].image = as_digest(question.sha256);
    questions[2].fingerprints = {as_hex(question.sha256)};
    for (const Question& one : questions) {
        auto answer = Finder(*database_, one).answer();
        if (!answer) return answer;
        std::move(answer->matches.begin(), answer->matches.end(),
                  std::back_inserter(all.matches));
        all.notes.insert(all.notes.end(), answer->notes.begin(), answer->notes.end());
        all.cut = all.cut || answer->cut;
    }
    return all;
}

}  // namespace stratascan::store
