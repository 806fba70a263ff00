// The members of all that the store keeps as bytes, in the order that they are kept in.
// A change here is a change of the form: this file is one of those that the engine's
// revision is made of, so that what another program wrote is not read.
//
// Finding::clear_text is not among them and never may be.
#pragma once

#include "scanner/image/facts.hpp"
#include "scanner/layer/layer_result.hpp"
#include "scanner/store/archive.hpp"
#include "stratascan/report.hpp"

namespace stratascan {

template <typename A>
void fields(A& a, Gap& gap) {
    a.all(gap.path, gap.reason, gap.bytes, gap.inner_path);
}
template <typename A>
void fields(A& a, Package& package) {
    a.all(package.manager, package.name);
}
template <typename A>
void fields(A& a, KeyCertificate& of) {
    a.all(of.subject, of.names, of.not_after, of.layer_index, of.path, of.inner_path);
}
template <typename A>
void fields(A& a, Pair& pair) {
    a.all(pair.role, pair.rule, pair.path, pair.line, pair.offset, pair.secret_id);
}
template <typename A>
void fields(A& a, Identifier& of) {
    a.all(of.kind, of.value, of.secret_id);
}
template <typename A>
void fields(A& a, Finding& of) {
    a.all(of.rule, of.title);
    a.choice(of.severity, Severity::critical);
    a.choice(of.confidence, Confidence::high);
    a.choice(of.evidence, Evidence::known_example);
    a.all(of.evidence_detail);
    a.choice(of.source, Source::trailer);
    a.all(of.layer_index, of.layer, of.path, of.inner_path, of.in_head, of.line, of.offset,
          of.length, of.redacted, of.secret_id, of.public_fingerprint, of.public_key_sha256);
    a.choice(of.visibility, Visibility::overwritten);
    a.all(of.hidden_by, of.created_by, of.package, of.certificate, of.pair, of.identifier,
          of.blob_mismatch);
}
template <typename A>
void fields(A& a, Owner& of) {
    a.all(of.manager, of.name, of.version, of.architecture);
}
template <typename A>
void fields(A& a, PackageNote& of) {
    a.all(of.type, of.name, of.version, of.architecture, of.os);
}
template <typename A>
void fields(A& a, GoBuild& of) {
    a.all(of.go_version, of.main_package, of.module, of.module_version, of.revision, of.linked);
}
template <typename A>
void fields(A& a, BinaryFacts& of) {
    a.all(of.build_id, of.comment, of.debug_link, of.note, of.go, of.crates);
}
template <typename A>
void fields(A& a, RemovedAlias& of) {
    a.all(of.path, of.hidden_by);
}
template <typename A>
void fields(A& a, Program& of) {
    a.all(of.program, of.title, of.program_class, of.version, of.version_reason,
          of.version_source, of.version_library);
    a.choice(of.role, Role::mentions);
    a.all(of.layer_index, of.layer, of.path, of.inner_path);
    a.choice(of.visibility, Visibility::overwritten);
    a.all(of.hidden_by, of.renamed, of.is_static, of.packed, of.setuid, of.setgid, of.is_script,
          of.runs_commands, of.stripped, of.sections_missing, of.applets, of.applets_from,
          of.reachable, of.binary, of.evidence, of.aliases, of.removed_aliases, of.package,
          of.owner, of.created_by);
    a.choice(of.ownership, Ownership::unmodified);
}
template <typename A>
void fields(A& a, ImageInfo& of) {
    a.all(of.digest, of.platform, of.created, of.config_digest, of.names, of.kind);
}

namespace image {

template <typename A>
void fields(A& a, LayerFacts& of) {
    a.all(of.digest, of.media_type, of.size, of.created_by, of.name, of.unavailable);
    a.choice(of.unavailable_state, LayerState::encrypted);
}
// Findings are kept apart, as those of a layer.
template <typename A>
void fields(A& a, ImageFacts& of) {
    a.all(of.info, of.layers, of.gaps, of.notes, of.metadata_bytes, of.program_folders);
}

}  // namespace image

namespace layer {

template <typename A>
void fields(A& a, LayerFinding& of) {
    a.all(of.finding, of.ordinal, of.containers);
}
template <typename A>
void fields(A& a, LayerProgram& of) {
    a.all(of.program, of.ordinal);
}
template <typename A>
void fields(A& a, Link& of) {
    a.all(of.path, of.target, of.ordinal, of.shown);
}
template <typename A>
void fields(A& a, PackageList& of) {
    a.choice(of.manager, PackageManager::rpm);
    a.all(of.path, of.ordinal);
}
template <typename A>
void fields(A& a, ListedPackage& of) {
    a.all(of.name, of.list, of.version, of.architecture);
}
template <typename A>
void fields(A& a, MemberDigest& of) {
    a.all(of.ordinal, of.md5, of.sha1, of.sha256);
}
template <typename A>
void fields(A& a, FileFact& of) {
    a.choice(of.kind, last_fact_kind);
    a.all(of.path, of.detail, of.ordinal, of.mode, of.size);
}
template <typename A>
void fields(A& a, SmallDocument& of) {
    a.choice(of.kind, DocumentKind::bill);
    a.all(of.path, of.text, of.ordinal, of.cut);
}

}  // namespace layer

namespace evidence {

template <typename A>
void fields(A& a, Certificate& of) {
    a.all(of.digest, of.spki_sha256, of.subject, of.names, of.not_after);
}

}  // namespace evidence

}  // namespace stratascan
