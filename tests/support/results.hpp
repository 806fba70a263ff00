// Results of layers and images for tests of the store: none was scanned, every member is
// set.
#pragma once

#include <string>
#include <vector>

#include "scanner/image/facts.hpp"
#include "scanner/layer/layer_result.hpp"
#include "scanner/source/digest.hpp"
#include "scanner/store/records.hpp"

namespace stratascan::test {

inline std::string digest_named(const std::string& name) {
    return source::compute_digest("sha256", name);
}

/// The name that a secret would have under some key.
inline std::string secret_named(const std::string& name) {
    return "hmac-" + digest_named("secret " + name);
}

inline Finding finding_of(const std::string& rule, const std::string& path,
                          const std::string& secret) {
    Finding finding;
    finding.rule = rule;
    finding.title = "title of " + rule;
    finding.severity = Severity::critical;
    finding.confidence = Confidence::high;
    finding.evidence = Evidence::verified;
    finding.evidence_detail = "checked";
    finding.path = path;
    finding.line = 7;
    finding.offset = 123;
    finding.length = 40;
    finding.redacted = "xyz_**** (40 characters)";
    finding.secret_id = secret_named(secret);
    return finding;
}

inline Program program_of(const std::string& name, const std::string& version,
                          const std::string& path) {
    Program program;
    program.program = name;
    program.title = "title of " + name;
    program.program_class = "transfer";
    program.version = version;
    program.path = path;
    return program;
}

inline layer::LayerResult layer_of(const std::string& name,
                                   std::vector<Finding> findings = {},
                                   std::vector<Program> programs = {}) {
    layer::LayerResult result;
    result.digest = digest_named(name);
    result.compression = "gzip";
    result.files = 3;
    result.members = 5;
    result.bytes = 2048;
    result.compressed_bytes = 100;
    std::uint32_t ordinal = 0;
    for (Finding& finding : findings) result.findings.push_back({std::move(finding), ordinal++});
    for (Program& program : programs) result.programs.push_back({std::move(program), ordinal++});
    return result;
}

/// Every member differs from its default.
inline layer::LayerResult full_layer() {
    Finding finding = finding_of("private-key", "etc/k\xff.pem", "a");
    finding.source = Source::xattr;
    finding.inner_path = {"data.tar.xz", "base64"};
    finding.in_head = false;
    finding.public_fingerprint = "SHA256:abc";
    finding.public_key_sha256 = std::string(64, 'a');
    finding.package = Package{"dpkg", "openssl"};
    finding.certificate =
        KeyCertificate{"CN=x", {"a.example"}, "2030-01-02T03:04:05Z", 2, "c.pem", {"y"}};
    finding.pair = Pair{"id", "aws-access-key", "p", 3, 4, secret_named("b")};
    finding.identifier = Identifier{"user", "alice", secret_named("c")};
    Program program = program_of("curl", "7.88.1", "usr/bin/curl");
    program.version_reason = "why";
    program.role = Role::embeds;
    program.inner_path = {"app.zip"};
    program.renamed = program.is_static = program.packed = program.setuid = true;
    program.applets = {"sh", "ls"};
    program.evidence = {"libcurl/7.88.1"};
    program.aliases = {"bin/c"};
    program.version_source = "library";
    program.version_library = "libcurl.so.4";
    program.setgid = program.is_script = program.runs_commands = program.sections_missing = true;
    program.stripped = false;
    program.applets_from = "table";
    program.reachable = {"sh"};
    program.binary = {"ab", {"GCC 12"}, "x.debug", PackageNote{"deb", "curl", "7", "amd64", "debian"},
                      GoBuild{"go1.22", "cmd/x", "example.org/x", "v1", "r", {"main.version=1"}},
                      {"serde 1.0"}};
    program.removed_aliases = {{"bin/gone", 3}};
    program.ownership = Ownership::modified;
    program.owner = Owner{"dpkg", "curl", "7.88.1-10", "amd64"};
    layer::LayerResult result = layer_of("full", {finding, finding}, {program});
    result.state = LayerState::partial;
    result.state_reason = "because";
    result.inner_members = 11;
    result.inner_bytes = 12;
    result.is_archive = false;
    result.over_decoder_memory = true;
    result.gaps = {{"path", "encrypted", 99, {"in", "out"}}};
    result.notes = {"a note"};
    result.findings[1].containers = 1;
    for (std::uint32_t i = 0; i < 1000; ++i) {
        const layer::PathHash hash = layer::hash_path(std::to_string(i));
        result.paths.entries.push_back({hash, i, layer::EntryKind(i % 7)});
    }
    result.paths.hardlinks = {{"a", "b", 3, "a****"}};
    result.paths.symlinks = {{"c", "d", 4}, {"e", "f", 5}};
    result.paths.truncated = true;
    auto certificate = std::make_shared<evidence::Certificate>();
    certificate->digest[3] = 7;
    certificate->spki_sha256 = std::string(64, 'b');
    certificate->subject = "CN=y";
    certificate->names = {"b.example"};
    certificate->not_after = "2031-01-02T03:04:05Z";
    result.certificates = {{certificate, "cert.pem", {"z"}, 6}};
    result.packages.lists = {{layer::PackageManager::apk, "lib/apk/db/installed", 8}};
    result.packages.packages = {{"musl", 0, "1.2.3-r4", "x86_64"}};
    result.packages.files = {{42, layer::FileDigest{1, 2, 3}, 0, layer::DigestKind::sha1, true}};
    result.packages.untold = 2;
    result.file_facts.known = true;
    result.file_facts.facts = {
        {layer::FactKind::weak_binary, "bin/x", "no PIE", 11, 0755, 1234}};
    result.file_facts.documents = {
        {layer::DocumentKind::os_release, "etc/os-release", "ID=debian\n", 12, true}};
    result.file_facts.untold = {{layer::FactKind::setgid, 13}};
    result.file_facts.newest_mtime = 14;
    result.digests = {{9, layer::FileDigest{4}, std::nullopt, layer::FileDigest{6}},
                      {10, {}, layer::FileDigest{5}, {}}};
    return result;
}

inline store::Ruleset rules_named(const std::string& name, const std::string& key = "key-1") {
    return {"sha256:" + name, key, "0.1.0", "sha256:" + name, true, true};
}

/// An image of these layers, as a scan of a registry records it.
inline store::ImageRecord image_of(const std::string& name,
                                   const std::vector<layer::LayerResult>& layers,
                                   const std::vector<store::LayerId>& ids,
                                   const store::Ruleset& rules) {
    store::ImageRecord image;
    image.manifest.digest = digest_named("manifest " + name);
    image.manifest.platform = "linux/amd64";
    image.ruleset = rules;
    image.facts.info.digest = image.manifest.digest;
    image.facts.info.platform = "linux/amd64";
    for (std::size_t i = 0; i < layers.size(); ++i) {
        image.facts.layers.push_back({layers[i].digest, "application/x-tar", 100,
                                      "RUN step " + std::to_string(i), "", "",
                                      LayerState::failed});
        image.manifest.layers.push_back({layers[i].digest, "application/x-tar", 100});
        image.layers.emplace_back(ids[i]);
    }
    image.complete = true;
    return image;
}

}  // namespace stratascan::test
