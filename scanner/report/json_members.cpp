#include "scanner/report/json_members.hpp"

#include "scanner/evidence/codec.hpp"
#include "scanner/report/report_writer.hpp"

namespace stratascan::report {

namespace {

/// A path, and its exact bytes beside it where they are no UTF-8.
void write_path(JsonWriter& json, std::string_view path) {
    json.member("path", path);
    bool lossy = false;
    (void)json_string(path, &lossy);
    if (lossy) json.member("path_base64", evidence::encode_base64(path));
}

void write_index(JsonWriter& json, std::string_view name, int index) {
    json.key(name);
    if (index < 0) return json.null();
    json.value(index);
}

/// An object or null.
void write_package(JsonWriter& json, const Rare<Package>& package) {
    json.key("package");
    if (!package) return json.null();
    json.begin_object();
    json.member("manager", package->manager);
    json.member("name", package->name);
    json.end_object();
}

void write_suppressed(JsonWriter& json, const Rare<Suppressed>& suppressed) {
    if (!suppressed) return;
    json.key("suppressed").begin_object();
    json.member("reason", suppressed->reason);
    json.member("owner", suppressed->owner);
    json.member("until", suppressed->until);
    json.member("where", suppressed->where);
    json.end_object();
}

void write_owner(JsonWriter& json, const std::optional<Owner>& owner) {
    json.key("owner");
    if (!owner) return json.null();
    json.begin_object();
    json.member("manager", owner->manager);
    json.member("name", owner->name);
    write_optional(json, "version", owner->version);
    write_optional(json, "architecture", owner->architecture);
    json.end_object();
}

void write_text(JsonWriter& json, std::string_view name, std::string_view text) {
    if (!text.empty()) json.member(name, text);
}

/// What of it there is.
void write_binary(JsonWriter& json, const BinaryFacts& binary) {
    json.key("binary").begin_object();
    write_text(json, "build_id", binary.build_id);
    write_text(json, "debug_link", binary.debug_link);
    if (!binary.comment.empty()) json.member("comment", binary.comment);
    if (binary.note) {
        json.key("package_note").begin_object();
        write_text(json, "type", binary.note->type);
        write_text(json, "name", binary.note->name);
        write_text(json, "version", binary.note->version);
        write_text(json, "architecture", binary.note->architecture);
        write_text(json, "os", binary.note->os);
        json.end_object();
    }
    if (binary.go) {
        json.key("go").begin_object();
        write_text(json, "version", binary.go->go_version);
        write_text(json, "main_package", binary.go->main_package);
        write_text(json, "module", binary.go->module);
        write_text(json, "module_version", binary.go->module_version);
        write_text(json, "revision", binary.go->revision);
        if (!binary.go->linked.empty()) json.member("linked", binary.go->linked);
        json.end_object();
    }
    if (!binary.crates.empty()) json.member("crates", binary.crates);
    json.end_object();
}

void write_removed(JsonWriter& json, const std::vector<RemovedAlias>& aliases) {
    json.key("removed_aliases").begin_array();
    for (const RemovedAlias& alias : aliases) {
        json.begin_object();
        write_path(json, alias.path);
        write_index(json, "hidden_by", alias.hidden_by);
        json.end_object();
    }
    json.end_array();
}

/// These are there only where they say something.
void write_relations(JsonWriter& json, const Finding& finding) {
    if (finding.certificate) {
        const KeyCertificate& certificate = *finding.certificate;
        json.key("certificate").begin_object();
        json.member("subject", certificate.subject);
        json.member("names", certificate.names);
        write_optional(json, "not_after", certificate.not_after);
        write_index(json, "layer_index", certificate.layer_index);
        write_path(json, certificate.path);
        json.member("inner_path", certificate.inner_path);
        json.end_object();
    }
    if (finding.pair) {
        json.key("pair").begin_object();
        json.member("role", finding.pair->role);
        json.member("rule", finding.pair->rule);
        write_path(json, finding.pair->path);
        json.member("line", finding.pair->line);
        json.member("offset", finding.pair->offset);
        json.member("secret_id", finding.pair->secret_id);
        json.end_object();
    }
    if (finding.identifier) {
        json.key("identifier").begin_object();
        json.member("kind", finding.identifier->kind);
        json.member("value", finding.identifier->value);
        json.end_object();
    }
}

}  // namespace

void write_optional(JsonWriter& json, std::string_view name, std::string_view text) {
    json.key(name);
    if (text.empty()) return json.null();
    json.value(text);
}

void write_gaps(JsonWriter& json, const std::vector<Gap>& gaps) {
    json.key("gaps").begin_array();
    for (const Gap& gap : gaps) {
        json.begin_object();
        write_path(json, gap.path);
        if (!gap.inner_path.empty()) json.member("inner_path", gap.inner_path);
        json.member("reason", gap.reason);
        json.member("bytes", gap.bytes);
        json.end_object();
    }
    json.end_array();
}

void write_members(JsonWriter& json, const EngineInfo& engine) {
    json.member("version", engine.version);
    json.member("ruleset", engine.ruleset);
}

void write_distribution(JsonWriter& json, const ImageInfo& image) {
    if (image.distribution.empty()) return;
    json.key("distribution").begin_object();
    json.member("id", image.distribution);
    write_optional(json, "version", image.distribution_version);
    json.end_object();
}

void write_members(JsonWriter& json, const ImageInfo& image) {
    write_optional(json, "digest", image.digest);
    write_optional(json, "platform", image.platform);
    write_optional(json, "created", image.created);
    write_optional(json, "config_digest", image.config_digest);
    json.member("names", image.names);
    json.member("kind", image.kind);
    write_distribution(json, image);
}

void write_members(JsonWriter& json, const LayerReport& layer) {
    json.member("index", layer.index);
    write_optional(json, "digest", layer.digest);
    json.member("media_type", layer.media_type);
    json.member("compression", layer.compression);
    json.member("created_by", layer.created_by);
    if (!layer.path.empty()) write_path(json, layer.path);
    json.member("state", to_string(layer.state));
    if (!layer.state_reason.empty()) json.member("state_reason", layer.state_reason);
    json.member("files", layer.files);
    json.member("bytes", layer.bytes);
    json.member("compressed_bytes", layer.compressed_bytes);
    write_gaps(json, layer.gaps);
}

void write_members(JsonWriter& json, const Finding& finding) {
    json.member("rule", finding.rule);
    json.member("title", finding.title);
    json.member("severity", to_string(finding.severity));
    json.member("confidence", to_string(finding.confidence));
    json.member("evidence", to_string(finding.evidence));
    if (!finding.evidence_detail.empty()) {
        json.member("evidence_detail", finding.evidence_detail);
    }
    json.member("source", to_string(finding.source));
    write_index(json, "layer_index", finding.layer_index);
    write_optional(json, "layer", finding.layer);
    write_path(json, finding.path);
    json.member("inner_path", finding.inner_path);
    if (finding.in_head) json.member("in_head", *finding.in_head);
    json.key("line");
    if (finding.line == 0) {
        json.null();
    } else {
        json.value(finding.line);
    }
    json.member("offset", finding.offset);
    json.member("length", finding.length);
    json.member("redacted", finding.redacted);
    json.member("secret_id", finding.secret_id);
    write_optional(json, "public_fingerprint", finding.public_fingerprint);
    write_optional(json, "public_key_sha256", finding.public_key_sha256);
    json.member("visibility", to_string(finding.visibility));
    write_index(json, "hidden_by", finding.hidden_by);
    json.member("created_by", finding.created_by);
    write_package(json, finding.package);
    write_relations(json, finding);
    write_suppressed(json, finding.suppressed);
    if (finding.blob_mismatch) json.member("blob_mismatch", true);
    if (!finding.clear_text.empty()) json.member("secret", finding.clear_text);
}

void write_members(JsonWriter& json, const Program& program) {
    json.member("program", program.program);
    json.member("title", program.title);
    json.member("class", program.program_class);
    write_optional(json, "version", program.version);
    if (program.version.empty()) json.member("version_reason", program.version_reason);
    write_optional(json, "version_source", program.version_source);
    write_text(json, "version_library", program.version_library);
    json.member("role", to_string(program.role));
    write_index(json, "layer_index", program.layer_index);
    write_optional(json, "layer", program.layer);
    write_path(json, program.path);
    json.member("inner_path", program.inner_path);
    json.member("visibility", to_string(program.visibility));
    write_index(json, "hidden_by", program.hidden_by);
    json.member("renamed", program.renamed);
    json.member("static", program.is_static);
    json.member("packed", program.packed);
    json.member("setuid", program.setuid);
    json.member("setgid", program.setgid);
    json.member("script", program.is_script);
    json.member("runs_commands", program.runs_commands);
    json.key("stripped");
    if (program.stripped) {
        json.value(*program.stripped);
    } else {
        json.null();
    }
    json.member("sections_missing", program.sections_missing);
    json.member("applets", program.applets);
    write_text(json, "applets_from", program.applets_from);
    json.member("reachable_applets", program.reachable);
    json.member("evidence", program.evidence);
    write_binary(json, program.binary);
    json.member("aliases", program.aliases);
    write_removed(json, program.removed_aliases);
    json.member("created_by", program.created_by);
    write_package(json, program.package);
    write_suppressed(json, program.suppressed);
    json.member("ownership", to_string(program.ownership));
    write_owner(json, program.owner);
}

void write_members(JsonWriter& json, const Coverage& coverage) {
    json.member("complete", coverage.complete);
    json.member("files", coverage.files);
    json.member("bytes", coverage.bytes);
    json.member("gaps", coverage.gaps);
}

}  // namespace stratascan::report
