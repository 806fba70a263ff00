// How old the image is, and what it was built on.
//
// Every date is a claim of whoever built it. Reproducible builds say 1970 or the year 1
// (distroless, ko, nix), and a clock may be wrong: such dates are not believed, and the
// next best source is asked. Where none is left the age is unknown, which is no pass.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "scanner/image/document.hpp"
#include "scanner/image/os_release.hpp"
#include "scanner/policy/checks/answers.hpp"
#include "scanner/policy/checks/checks.hpp"
#include "scanner/policy/checks/statement.hpp"
#include "scanner/policy/date.hpp"
#include "scanner/policy/glob.hpp"

namespace stratascan::policy {

namespace {

// Before Docker there was no image.
constexpr std::int64_t first_image = 1'356'998'400;  // 2013-01-01

bool believed(std::int64_t date, std::int64_t now) {
    return date >= first_image && date <= now + seconds_a_day;
}

struct Dated {
    std::int64_t date = 0;
    std::string source;
};

std::optional<Dated> newest_of_history(const Subject& subject, int below_layer) {
    std::optional<Dated> newest;
    for (const image::HistoryStep& step : subject.facts.history) {
        if (step.empty_layer || (below_layer >= 0 && step.layer_index >= below_layer)) continue;
        const auto date = read_date(step.created);
        if (!date || !believed(*date, subject.now)) continue;
        if (!newest || *date > newest->date) newest = Dated{*date, "the newest build step"};
    }
    return newest;
}

std::string labelled(const Subject& subject, std::initializer_list<const char*> keys) {
    for (const auto* map : {&subject.facts.annotations, &subject.facts.labels}) {
        for (const char* key : keys) {
            const auto found = map->find(key);
            if (found != map->end() && !found->second.empty()) return found->second;
        }
    }
    return {};
}

// Every date that can be believed, in the order in which they are.
std::vector<Dated> dates_of(const Subject& subject) {
    std::vector<Dated> dates;
    const auto add_date = [&](std::optional<std::int64_t> date, const char* source) {
        if (date && believed(*date, subject.now)) dates.push_back({*date, source});
    };
    add_date(read_date(subject.facts.created), "config.created");
    if (auto step = newest_of_history(subject, -1)) dates.push_back(std::move(*step));
    add_date(read_date(labelled(
                 subject, {"org.opencontainers.image.created", "org.label-schema.build-date"})),
             "a label");
    add_date(subject.facts.newest_mtime, "the newest file");
    add_date(subject.facts.newest_package, "the newest package");
    return dates;
}

Answer aged(const Dated& dated, std::int64_t now, std::int64_t days, const Item& item) {
    const std::int64_t age = std::max<std::int64_t>(now - dated.date, 0) / seconds_a_day;
    const std::string reason =
        fmt::format("{} days old by {} ({}); {} are allowed", age, dated.source,
                    written_date(dated.date), days);
    return age > days ? failed(reason, {item}) : passed(reason);
}

constexpr const char* base_name_key = "org.opencontainers.image.base.name";
constexpr const char* base_digest_key = "org.opencontainers.image.base.digest";

// The base as attached provenance names it: "pkg:docker/alpine@3.18?platform=…".
struct Material {
    std::string uri;
    bool digest = false;
};

std::vector<Material> base_materials(const Subject& subject) {
    std::vector<Material> materials;
    for (const image::Attachment& attached : subject.facts.attachments) {
        for (const image::AttachedBlob& blob : attached.blobs) {
            if (!blob.predicate_type.starts_with("https://slsa.dev/provenance/")) continue;
            const auto document = document_in(blob);
            if (!document) continue;
            const auto* predicate = image::member(document->root, "predicate");
            if (predicate == nullptr) continue;
            const auto* list = image::member(*predicate, "materials");
            if (const auto* build = image::member(*predicate, "buildDefinition")) {
                list = image::member(*build, "resolvedDependencies");
            }
            if (list == nullptr || !list->is_array()) continue;
            for (const auto& material : *list) {
                std::string uri(image::string_member(material, "uri"));
                if (!uri.starts_with("pkg:docker/") && !uri.starts_with("docker://")) continue;
                materials.push_back({uri.substr(0, 512),
                                     image::member(material, "digest") != nullptr});
            }
        }
    }
    return materials;
}

// "pkg:docker/library/alpine@3.18?x" -> "library/alpine", "ghcr.io/a/b:1@sha256:…" -> "ghcr.io/a/b"
std::string repository_of(std::string name) {
    for (const std::string_view start : {"pkg:docker/", "docker://"}) {
        if (name.starts_with(start)) name.erase(0, start.size());
    }
    name = name.substr(0, name.find_first_of("@?"));
    const std::size_t colon = name.rfind(':');
    if (colon != name.npos && name.find('/', colon) == name.npos) name.resize(colon);
    for (const std::string_view start : {"docker.io/", "index.docker.io/", "library/"}) {
        if (name.starts_with(start)) name.erase(0, start.size());
    }
    return name;
}

std::string base_name(const Subject& subject) {
    if (std::string name = labelled(subject, {base_name_key}); !name.empty()) return name;
    const auto materials = base_materials(subject);
    return materials.empty() ? std::string() : materials.front().uri;
}

// One letter added, left out, changed, or two neighbours exchanged.
bool one_letter_away(std::string_view a, std::string_view b) {
    if (a == b || a.size() < 4 || b.size() < 4) return false;
    std::size_t front = 0;
    while (front < a.size() && front < b.size() && a[front] == b[front]) ++front;
    a.remove_prefix(front);
    b.remove_prefix(front);
    while (!a.empty() && !b.empty() && a.back() == b.back()) {
        a.remove_suffix(1);
        b.remove_suffix(1);
    }
    return (a.size() <= 1 && b.size() <= 1) ||
           (a.size() == 2 && b.size() == 2 && a[0] == b[1] && a[1] == b[0]);
}

Item told_only(const char* member, std::string text) {
    Item item = config_item(member, std::move(text));
    item.counts = false;
    return item;
}

struct Tag {
    std::string tag;
    bool digest = false;
};

Tag tag_of(const std::string& name) {
    if (name.find("@sha256:") != name.npos || name.find("@sha512:") != name.npos) return {"", true};
    const std::size_t colon = name.rfind(':');
    const std::size_t slash = name.rfind('/');
    if (colon != name.npos && (slash == name.npos || colon > slash)) {
        return {name.substr(colon + 1), false};
    }
    // A layout's reference name may be the tag alone.
    return {slash == name.npos ? name : std::string("latest"), false};
}

}  // namespace

Answer image_age(const Subject& subject, const Settings& settings) {
    const std::vector<Dated> dates = dates_of(subject);
    if (dates.empty()) {
        if (auto none = without_config(subject)) return *none;
        return unknown("no date that can be believed: config.created is \"" +
                       subject.facts.created + "\"");
    }
    Answer answer = aged(dates.front(), subject.now, number(settings, "days"),
                         config_item("config.created", subject.facts.created));
    // What else claims a date: a fresh config over old layers is told.
    for (std::size_t i = 1; i < dates.size(); ++i) {
        add(answer, told_only("age", dates[i].source + " is of " + written_date(dates[i].date)));
    }
    return answer;
}

Answer base_age(const Subject& subject, const Settings& settings) {
    if (auto none = without_config(subject)) return *none;
    if (subject.base_layers < 0) {
        return unknown("which layers are the base's is not known (see --base)");
    }
    if (subject.base_layers == 0) return not_applicable("no layer is a base's");
    const auto dated = newest_of_history(subject, subject.base_layers);
    if (!dated) return unknown("the base's build steps have no date that can be believed");
    return aged(*dated, subject.now, number(settings, "days"),
                config_item("history", "base of " + written_date(dated->date)));
}

Answer reference_pinned(const Subject& subject, const Settings& settings) {
    if (auto none = without_config(subject)) return *none;
    std::vector<std::string> names = subject.report.image.names;
    const bool by_digest = subject.report.target.find("@sha256:") != std::string::npos;
    if (by_digest) return passed("the target was named by digest");
    if (names.empty()) return not_applicable("the image has no name here");
    Answer answer;
    for (const std::string& name : names) {
        const Tag tag = tag_of(name);
        if (tag.tag == "latest") {
            add(answer, config_item("name", name + ": latest moves on"));
        } else if (flag(settings, "digest") && !tag.digest) {
            add(answer, config_item("name", name + ": a tag can be moved"));
        }
    }
    if (answer.items.empty()) return passed("no name is mutable that may not be");
    answer.outcome = Outcome::fail;
    answer.reason = counted(answer.items.size(), "mutable name", "mutable names");
    return answer;
}

Answer base_pinned(const Subject& subject, const Settings&) {
    if (auto none = without_config(subject)) return *none;
    const std::string digest = labelled(subject, {base_digest_key});
    if (digest.starts_with("sha256:") || digest.starts_with("sha512:")) {
        return passed("its annotation names the base's digest " + digest.substr(0, 19));
    }
    const auto materials = base_materials(subject);
    if (materials.empty()) return unknown("neither annotation nor provenance names the base");
    Answer answer;
    for (const Material& material : materials) {
        if (!material.digest) add(answer, config_item("provenance", material.uri));
    }
    if (answer.items.empty()) return passed("provenance names every base by digest");
    answer.outcome = Outcome::fail;
    answer.reason = counted(answer.items.size(), "base without a digest", "bases without a digest");
    return answer;
}

namespace {

// What it was built on, where checked digests prove it, and where it only says so.
void add_origin(const Subject& subject, Answer& answer) {
    for (const std::string& name : subject.base_names) {
        add(answer, told_only("base", "its lowest layers are those of " + name));
    }
    if (!subject.base_names.empty()) return;
    const std::string name = labelled(subject, {base_name_key});
    if (!name.empty()) add(answer, told_only(base_name_key, "it says that it was built on " + name));
}

Answer minimal_by_files(const Subject& subject, const Settings& settings) {
    if (auto none = without_tree(subject)) return *none;
    const auto& minimal = texts(settings, "minimal");
    const auto let = [&](std::string_view name) {
        return std::find(minimal.begin(), minimal.end(), name) != minimal.end();
    };
    std::string id, pretty;
    if (const auto* release = subject.facts.document(layer::DocumentKind::os_release)) {
        id = image::os_release_value(release->text, "ID");
        pretty = image::os_release_value(release->text, "PRETTY_NAME");
    }
    const image::PlacedFact* database = nullptr;
    bool split_dpkg = false;
    for (const image::PlacedFact& fact : subject.facts.facts) {
        if (fact.visibility != Visibility::visible) continue;
        if (fact.kind == layer::FactKind::package_database) {
            if (fact.detail == "dpkg status.d") {
                split_dpkg = true;
            } else if (database == nullptr) {
                database = &fact;
            }
        }
    }
    if (!subject.facts.files_known) {
        Answer answer = unknown("not every layer was read");
        answer.unread = true;
        return answer;
    }
    const std::string name = pretty.empty() ? id : pretty;
    if (split_dpkg && database == nullptr && let("distroless")) {
        return passed("distroless: packages without a package manager (" + name + ")");
    }
    if (id.empty() && database == nullptr) {
        if (let("scratch")) return passed("no distribution and no package database: scratch");
        return failed("no distribution, and scratch is not on the list");
    }
    if (let(id)) return passed(name);
    Item item = database != nullptr ? file_item(*database, "package database of " + database->detail)
                                    : config_item("etc/os-release", name);
    item.key = "base\n" + id;
    return failed(fmt::format("{} is a full operating system", name.empty() ? "it" : name), {item});
}

}  // namespace

Answer base_minimal(const Subject& subject, const Settings& settings) {
    Answer answer = minimal_by_files(subject, settings);
    if (answer.outcome != Outcome::not_applicable) add_origin(subject, answer);
    return answer;
}

Answer base_trusted(const Subject& subject, const Settings& settings) {
    if (auto none = without_config(subject)) return *none;
    const auto& bases = texts(settings, "bases");
    const auto is_listed = [&](const std::string& name) {
        return std::ranges::any_of(bases, [&](const std::string& base) {
            return glob_matches(base, repository_of(name)) || glob_matches(base, name);
        });
    };
    // What checked digests prove is worth more than what the image says of itself.
    const auto proved = std::ranges::find_if(subject.base_names, is_listed);
    if (proved != subject.base_names.end()) {
        return passed("its lowest layers are those of " + *proved + ", which is on the list");
    }
    const std::string name = base_name(subject);
    if (name.empty()) return unknown("neither annotation nor provenance names the base");
    const std::string repository = repository_of(name);
    for (const std::string& known : texts(settings, "well_known")) {
        if (one_letter_away(repository, known)) {
            return failed(fmt::format("the base {} is one letter away from {}", repository, known),
                          {config_item(base_name_key, name)});
        }
    }
    if (bases.empty()) {
        return not_applicable("the policy lists no sources; the base is " + repository);
    }
    if (is_listed(name)) return passed("the base " + repository + " is on the list");
    return failed("the base " + repository + " is not on the list",
                  {config_item(base_name_key, name)});
}

}  // namespace stratascan::policy
