// Where a layer's finding occurs: which images of which repositories have the layer, under
// which tags and when, and whether the file is still visible there.
#include <algorithm>

#include "scanner/store/finder.hpp"
#include "scanner/store/hex.hpp"
#include "scanner/store/parts.hpp"

namespace stratascan::store {

namespace {

constexpr std::string_view place_columns =
    "g.name, r.name, m.digest, m.platform, rm.first_seen, rm.last_seen, rm.gone_at, r.gone_at, "
    "r.id, m.id from repo_manifest rm join repository r on r.id = rm.repository "
    "join registry g on g.id = r.registry join manifest m on m.id = rm.manifest ";

template <typename T>
const T* element(const std::vector<T>& all, std::int64_t index) {
    return index >= 0 && static_cast<std::size_t>(index) < all.size()
               ? &all[static_cast<std::size_t>(index)]
               : nullptr;
}

}  // namespace

std::string_view to_string(Pullable pullable) noexcept {
    switch (pullable) {
    case Pullable::at_last_look: return "at-last-look";
    case Pullable::gone: return "gone";
    case Pullable::not_known: break;
    }
    return "not-known";
}

// Tags lead to a manifest, or to an index that has it.
void Finder::add_tags(std::int64_t repository, std::int64_t manifest, Match& match) {
    std::vector<std::int64_t> above{manifest};
    for (std::size_t i = 0; i < above.size() && i < 64; ++i) {
        Rows tags = db_.query("select tag, seen_from, seen_until, closed_at from tag_history "
                              "where repository = ? and manifest = ?",
                              repository, above[i]);
        while (tags.next()) {
            match.tags.push_back(
                {tags.text(0), tags.number(1), tags.number(2), tags.is_null(3)});
        }
        Rows parents = db_.query("select c.parent from manifest m join manifest_child c on "
                                 "c.child = m.digest where m.id = ?",
                                 above[i]);
        while (parents.next()) {
            const std::int64_t parent = parents.number(0);
            if (std::find(above.begin(), above.end(), parent) == above.end()) {
                above.push_back(parent);
            }
        }
    }
    std::sort(match.tags.begin(), match.tags.end(), [](const TagSpan& left, const TagSpan& right) {
        return std::tie(left.from, left.tag, left.until) <
               std::tie(right.from, right.tag, right.until);
    });
}

std::vector<Finder::Seen> Finder::seen_in(std::int64_t manifest,
                                          std::optional<std::int64_t> image_scan) {
    static const std::string by_scan =
        "select " + std::string(place_columns) + "where rm.image_scan = ?";
    static const std::string by_manifest =
        "select " + std::string(place_columns) + "where rm.manifest = ? and rm.image_scan is null";
    std::vector<Seen> places;
    Rows rows = image_scan ? db_.query(by_scan, *image_scan) : db_.query(by_manifest, manifest);
    while (rows.next()) {
        Seen seen;
        seen.image_scan = image_scan.value_or(0);
        seen.repository = rows.number(8);
        seen.manifest = rows.number(9);
        Match& match = seen.match;
        match.registry = rows.text(0);
        match.repository = rows.text(1);
        match.digest = rows.text(2);
        match.platform = rows.text(3);
        match.first_seen = rows.number(4);
        match.last_seen = rows.number(5);
        for (const int column : {6, 7}) {
            if (!rows.is_null(column)) match.gone_at = rows.number(column);
        }
        if (match.registry.empty()) match.pullable = Pullable::not_known;
        else match.pullable = match.gone_at ? Pullable::gone : Pullable::at_last_look;
        add_tags(seen.repository, seen.manifest, match);
        places.push_back(std::move(seen));
    }
    return places;
}

std::vector<Finder::Seen> Finder::scanned_places(std::int64_t layer_scan) {
    std::vector<Seen> places;
    Rows rows = db_.query("select l.image_scan, l.position, i.manifest from image_layer l "
                          "join image_scan i on i.id = l.image_scan where l.layer_scan = ?",
                          layer_scan);
    while (rows.next()) {
        for (Seen& seen : seen_in(rows.number(2), rows.number(0))) {
            seen.position = static_cast<int>(rows.number(1));
            if (image_fits(seen)) places.push_back(std::move(seen));
        }
    }
    return places;
}

// Images that list the layer and were not scanned as a whole, yet or ever.
std::vector<Finder::Seen> Finder::unscanned_places(std::int64_t layer_scan) {
    std::vector<Seen> places;
    const auto blob = db_.number("select blob from layer_scan where id = ?", layer_scan);
    if (!blob) return places;
    // An older result of the same blob tells nothing more of them.
    const auto newest = db_.number(
        "select max(id) from layer_scan where blob = ? and reusable = 1", *blob);
    if (newest != layer_scan) return places;
    Rows rows =
        db_.query("select manifest, position from manifest_layer where blob = ?", *blob);
    while (rows.next()) {
        for (Seen& seen : seen_in(rows.number(0), std::nullopt)) {
            seen.position = static_cast<int>(rows.number(1));
            if (image_fits(seen)) places.push_back(std::move(seen));
        }
    }
    const auto images = db_.number("select count(*) from image_layer where layer_scan = ?",
                                   layer_scan);
    const auto listed = db_.number("select count(*) from manifest_layer where blob = ?", *blob);
    if (images == 0 && listed == 0 && !manifests_) {
        places.emplace_back();  // a layer alone is still an answer
    }
    return places;
}

bool Finder::image_fits(const Seen& seen) const {
    if (manifests_ && !manifests_->contains(seen.manifest)) return false;
    return repositories_.empty() || repositories_.contains(seen.repository);
}

const std::vector<Finder::Seen>& Finder::places_of(std::int64_t layer_scan) {
    if (placed_layer_ == layer_scan) return places_;
    places_ = scanned_places(layer_scan);
    for (Seen& seen : unscanned_places(layer_scan)) places_.push_back(std::move(seen));
    placed_layer_ = layer_scan;
    return places_;
}

std::string Finder::digest_of(std::int64_t layer_scan) {
    Rows row = db_.query("select b.digest from layer_scan s join blob b on b.id = s.blob "
                         "where s.id = ?",
                         layer_scan);
    return row.next() ? row.text(0) : std::string();
}

std::string Finder::name_of(std::int64_t id) {
    const auto [name, fresh] = names_.try_emplace(id);
    if (fresh) {
        Rows row = db_.query("select text from name where id = ?", id);
        if (row.next()) name->second = row.text(0);
    }
    return name->second;
}

std::string Finder::path_of(std::int64_t id) {
    Rows row = db_.query("select text from path where id = ?", id);
    return row.next() ? row.text(0) : std::string();
}

const image::LayerFacts* Finder::facts_of(std::int64_t image_scan, int position) {
    const auto [layers, fresh] = facts_.try_emplace(image_scan);
    if (fresh) {
        Rows row = db_.query("select facts from image_scan where id = ?", image_scan);
        auto facts = row.next() ? read_facts(row.view(0)) : std::nullopt;
        if (facts) layers->second = std::move(facts->layers);
    }
    return element(layers->second, position);
}

void Finder::describe(const Hit& hit, Match& match) {
    match.kind = hit.program ? "program" : "finding";
    match.what = name_of(hit.name);
    match.version = hit.version;
    match.path = path_of(hit.path);
    match.layer = digest_of(hit.layer_scan);
    const int kind = static_cast<int>(hit.program ? PartKind::programs : PartKind::findings);
    const bool here = part_layer_ == hit.layer_scan && !hit.program &&
                      element(part_, hit.n - part_first_) != nullptr;
    if (!here) {
        Rows row = db_.query("select first, bytes from layer_part where layer_scan = ? and "
                             "kind = ? and first <= ? order by first desc",
                             hit.layer_scan, kind, hit.n);
        if (!row.next()) return;
        if (hit.program) {
            const auto programs = read_programs(row.view(1));
            if (!programs) return;
            const auto* found = element(*programs, hit.n - row.number(0));
            if (found != nullptr) match.inner_path = found->program.inner_path;
            return;
        }
        auto findings = read_findings(row.view(1));
        if (!findings) {
            answer_.notes.emplace_back("a result can't be read back: see `store check`");
            return;
        }
        part_ = std::move(*findings);
        part_layer_ = hit.layer_scan;
        part_first_ = row.number(0);
    }
    const layer::LayerFinding* found = element(part_, hit.n - part_first_);
    if (found == nullptr) return;
    const Finding& finding = found->finding;
    match.inner_path = finding.inner_path;
    match.line = finding.line;
    match.redacted = finding.redacted;
    match.secret_id = finding.secret_id;
    match.fingerprint = finding.public_fingerprint;
    match.evidence_detail = finding.evidence_detail;
    match.source = stratascan::to_string(finding.source);
    match.severity = finding.severity;
    match.created_by = finding.created_by;
    match.layer_index = finding.layer_index;
    if (match.layer.empty()) match.layer = finding.layer;
}

void Finder::add_visibility(const Hit& hit, const Seen& seen, Match& match) {
    if (seen.image_scan == 0) return;
    match.visibility = Visibility::visible;
    Rows row = db_.query("select how, hidden_by from hidden where image_scan = ? and "
                         "position = ? and is_program = ? and n = ?",
                         seen.image_scan, seen.position, hit.program, hit.n);
    if (!row.next()) return;
    match.visibility = row.number(0) == static_cast<int>(Visibility::deleted)
                           ? Visibility::deleted
                           : Visibility::overwritten;
    match.hidden_by = static_cast<int>(row.number(1));
}

void Finder::add(Match match) {
    if (question_.limit > 0 && answer_.matches.size() >= question_.limit) {
        answer_.cut = true;
        return;
    }
    answer_.matches.push_back(std::move(match));
}

void Finder::add_occurrences(const Hit& hit) {
    const std::vector<Seen>& places = places_of(hit.layer_scan);
    if (places.empty()) return;
    Match described;
    describe(hit, described);
    for (const Seen& seen : places) {
        Match match = described;
        const Match& place = seen.match;
        match.registry = place.registry;
        match.repository = place.repository;
        match.tags = place.tags;
        match.digest = place.digest;
        match.platform = place.platform;
        match.pullable = place.pullable;
        match.first_seen = place.first_seen;
        match.last_seen = place.last_seen;
        match.gone_at = place.gone_at;
        if (seen.position >= 0) {
            match.layer_index = seen.position;
            if (const auto* layer = seen.image_scan != 0
                                        ? facts_of(seen.image_scan, seen.position)
                                        : nullptr) {
                match.created_by = image::shortened(layer->created_by, image::step_bytes_limit);
                // A layer that is one file has its name from the image.
                if (match.path.empty()) match.path = layer->name;
            }
        }
        add_visibility(hit, seen, match);
        add(std::move(match));
    }
}

void Finder::place_hits() {
    std::sort(hits_.begin(), hits_.end(), [](const Hit& left, const Hit& right) {
        return std::tie(left.layer_scan, left.program, left.n) <
               std::tie(right.layer_scan, right.program, right.n);
    });
    for (const Hit& hit : hits_) {
        if (answer_.cut || db_.failed()) break;
        add_occurrences(hit);
    }
}

void Finder::place_layers() {
    const std::string digest = question_.layer.find(':') == std::string::npos
                                   ? "sha256:" + question_.layer
                                   : question_.layer;
    Rows rows = db_.query("select l.manifest, l.position from manifest_layer l join blob b on "
                          "b.id = l.blob where b.digest = ?",
                          digest);
    while (rows.next() && !answer_.cut) {
        for (const char* which : {"is not null", "is null"}) {
            Rows scans = db_.query("select distinct image_scan from repo_manifest where "
                                   "manifest = ? and image_scan " + std::string(which),
                                   rows.number(0));
            while (scans.next()) {
                const auto scan = scans.is_null(0) ? std::nullopt
                                                   : std::optional(scans.number(0));
                for (Seen& seen : seen_in(rows.number(0), scan)) {
                    if (!image_fits(seen)) continue;
                    seen.match.kind = "layer";
                    seen.match.layer = digest;
                    seen.match.layer_index = static_cast<int>(rows.number(1));
                    const auto* facts =
                        scan ? facts_of(*scan, seen.match.layer_index) : nullptr;
                    if (facts != nullptr) seen.match.created_by = facts->created_by;
                    add(std::move(seen.match));
                }
            }
        }
    }
}

void Finder::place_images() {
    for (const std::int64_t manifest : *manifests_) {
        Rows scans = db_.query("select distinct image_scan from repo_manifest where manifest = ?",
                               manifest);
        while (scans.next() && !answer_.cut) {
            const auto scan = scans.is_null(0) ? std::nullopt : std::optional(scans.number(0));
            for (Seen& seen : seen_in(manifest, scan)) {
                if (!image_fits(seen)) continue;
                seen.match.kind = "image";
                add(std::move(seen.match));
            }
        }
    }
}

}  // namespace stratascan::store
