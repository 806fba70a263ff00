// CycloneDX 1.6 (ECMA-424) in JSON: the programs, with how each was known. A component
// that a package owns has its purl; one whose vendor and product the National
// Vulnerability Database names has its CPE. The serial number depends on the contents
// alone, and no time is given, so that the same scan writes the same bytes.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "scanner/report/formats.hpp"
#include "scanner/report/gate_phrases.hpp"
#include "scanner/report/json_writer.hpp"
#include "scanner/report/phrases.hpp"
#include "scanner/report/report_writer.hpp"

namespace stratascan::report {

namespace {

/// Vendor and product of the CPE dictionary, by program.
constexpr std::array<std::pair<std::string_view, std::string_view>, 38> products = {{
    {"bash", "gnu:bash"}, {"busybox", "busybox:busybox"}, {"cmake", "kitware:cmake"},
    {"containerd", "linuxfoundation:containerd"}, {"curl", "haxx:curl"},
    {"docker", "docker:docker"}, {"dropbear", "dropbear_ssh_project:dropbear_ssh"},
    {"gawk", "gnu:gawk"}, {"gcc", "gnu:gcc"}, {"gdb", "gnu:gdb"}, {"git", "git-scm:git"},
    {"go", "golang:go"}, {"gpg", "gnupg:gnupg"}, {"helm", "helm:helm"},
    {"kubectl", "kubernetes:kubectl"}, {"libcurl", "haxx:libcurl"}, {"lua", "lua:lua"},
    {"make", "gnu:make"}, {"nmap", "nmap:nmap"}, {"node", "nodejs:node.js"},
    {"openssl", "openssl:openssl"}, {"perl", "perl:perl"}, {"php", "php:php"},
    {"podman", "podman_project:podman"}, {"psql", "postgresql:postgresql"},
    {"python", "python:python"}, {"redis-cli", "redis:redis"}, {"rsync", "samba:rsync"},
    {"ruby", "ruby-lang:ruby"}, {"runc", "linuxfoundation:runc"}, {"screen", "gnu:screen"},
    {"skopeo", "skopeo_project:skopeo"}, {"sqlite3", "sqlite:sqlite"}, {"ssh", "openbsd:openssh"},
    {"sshd", "openbsd:openssh"}, {"sudo", "sudo_project:sudo"}, {"vim", "vim:vim"},
    {"wget", "gnu:wget"},
}};

/// Of a CPE 2.3 formatted string (NIST IR 7695, section 6.2): all but letters, digits
/// and `_` is quoted; a dot and a hyphen need it in no place but a leading one.
std::string cpe_value(std::string_view text) {
    std::string value;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
        if (!plain) value += '\\';
        value += c;
    }
    return value;
}

std::string cpe_of(const Program& program) {
    const auto found = std::find_if(products.begin(), products.end(), [&](const auto& one) {
        return one.first == program.program;
    });
    if (found == products.end() || program.version.empty()) return {};
    // The dictionary has the "p1" of OpenSSH and sudo as an update.
    std::string_view version = program.version, update = "*";
    const std::size_t patch = version.find('p');
    if (patch != std::string_view::npos && (found->second == "openbsd:openssh" ||
                                            found->second == "sudo_project:sudo")) {
        update = version.substr(patch);
        version = version.substr(0, patch);
    }
    return fmt::format("cpe:2.3:a:{}:{}:{}:*:*:*:*:*:*", found->second, cpe_value(version),
                       update == "*" ? std::string(update) : cpe_value(update));
}

/// Of what a package owns and nobody changed (package-url's types deb, apk and rpm): the
/// namespace is the distribution's name, and an rpm's epoch stands apart.
std::string purl_of(const Program& program, const ImageInfo& image) {
    if (!program.owner || program.ownership == Ownership::modified) return {};
    const Owner& owner = *program.owner;
    std::string purl = fmt::format("pkg:{}/", owner.manager == "dpkg" ? "deb" : owner.manager);
    if (!image.distribution.empty()) purl += uri_path(image.distribution) + '/';
    purl += uri_path(owner.name);
    std::string_view version = owner.version, epoch;
    const std::size_t colon = version.find(':');
    if (owner.manager == "rpm" && colon != std::string_view::npos) {
        epoch = version.substr(0, colon);
        version.remove_prefix(colon + 1);
    }
    if (!version.empty()) purl += '@' + uri_path(version);
    char before = '?';
    const auto qualify = [&](std::string_view key, const std::string& value) {
        if (value.empty()) return;
        purl += before;
        before = '&';
        purl += fmt::format("{}={}", key, value);
    };
    qualify("arch", uri_path(owner.architecture));
    if (!image.distribution_version.empty()) {
        qualify("distro", image.distribution + '-' + image.distribution_version);
    }
    qualify("epoch", std::string(epoch));
    return purl;
}

void write_property(JsonWriter& json, std::string_view name, std::string_view value) {
    if (value.empty()) return;
    json.begin_object();
    json.member("name", fmt::format("stratascan:{}", name));
    json.member("value", value);
    json.end_object();
}

void write_evidence(JsonWriter& json, const Program& program) {
    std::string place = program.path;
    for (const std::string& step : program.inner_path) place += "!/" + step;
    json.key("evidence").begin_object();
    json.key("identity").begin_array();
    json.begin_object();
    json.member("field", "name");
    json.member("confidence", 1);
    json.key("methods").begin_array();
    for (const std::string& fact : program.evidence) {
        json.begin_object();
        json.member("technique", "binary-analysis");
        json.member("confidence", 1);
        json.member("value", fact);
        json.end_object();
    }
    json.end_array();
    json.end_object();
    json.end_array();
    json.key("occurrences").begin_array();
    json.begin_object();
    json.member("location", place);
    json.end_object();
    for (const std::string& alias : program.aliases) {
        json.begin_object();
        json.member("location", alias);
        json.end_object();
    }
    json.end_array();
    json.end_object();
}

void write_component(JsonWriter& json, const Program& program, const ImageInfo& image,
                     const std::string& reference) {
    json.begin_object();
    json.member("type", program.role == Role::embeds ? "library" : "application");
    json.member("bom-ref", reference);
    json.member("name", program.program);
    if (!program.version.empty()) json.member("version", program.version);
    json.member("description", program.title);
    if (const std::string cpe = cpe_of(program); !cpe.empty()) json.member("cpe", cpe);
    if (const std::string purl = purl_of(program, image); !purl.empty()) json.member("purl", purl);
    write_evidence(json, program);
    json.key("properties").begin_array();
    write_property(json, "class", program.program_class);
    write_property(json, "role", to_string(program.role));
    if (program.layer_index >= 0) {
        write_property(json, "layer_index", std::to_string(program.layer_index));
    }
    write_property(json, "layer", program.layer);
    write_property(json, "created_by", program.created_by);
    write_property(json, "visibility", to_string(program.visibility));
    write_property(json, "ownership", to_string(program.ownership));
    write_property(json, "suppressed", program.suppressed ? program.suppressed->reason : "");
    write_property(json, "version_reason", program.version.empty() ? program.version_reason : "");
    write_property(json, "renamed", program.renamed ? "true" : "");
    write_property(json, "static", program.is_static ? "true" : "");
    write_property(json, "packed", program.packed ? "true" : "");
    write_property(json, "setuid", program.setuid ? "true" : "");
    for (const std::string& applet : program.applets) write_property(json, "applet", applet);
    json.end_array();
    json.end_object();
}

/// What a gate said of the image, and why it let pass what it set aside.
void write_verdict(JsonWriter& json, const policy::TargetVerdict& verdict,
                   const policy::GateReport& gate) {
    write_property(json, "gate", to_string(verdict.verdict));
    for (const policy::PolicyVerdict& one : verdict.policies) {
        write_property(json, "gate:" + one.policy, to_string(one.verdict));
        for (const policy::CheckResult& result : one.results) {
            std::string said =
                fmt::format("{}: {}", weight_of(result), printable(result.answer.reason));
            for (const ItemGroup& group : groups_of(result, gate)) {
                if (!group.aside.empty()) said += " (" + printable(group.aside) + ")";
            }
            write_property(json, fmt::format("gate:{}:{}", one.policy, result.check.info.id), said);
        }
    }
}

/// REQUIRES: an object is open.
void write_image(JsonWriter& json, const TargetReport& target, const std::string& reference,
                 const policy::GateReport* gate) {
    json.member("type", "container");
    json.member("bom-ref", reference);
    json.member("name", image_name(target));
    if (!target.image.digest.empty()) json.member("version", target.image.digest);
    json.key("properties").begin_array();
    write_property(json, "target", target.target);
    write_property(json, "platform", target.image.platform);
    write_property(json, "distribution", target.image.distribution);
    write_property(json, "distribution_version", target.image.distribution_version);
    write_property(json, "complete", target.coverage.complete ? "true" : "false");
    if (const auto* verdict = verdict_of(gate, target)) write_verdict(json, *verdict, *gate);
    json.end_array();
}

void write_programs(JsonWriter& json, const TargetReport& target, const std::string& image) {
    json.key("components").begin_array();
    std::size_t number = 0;
    for (const Program& program : target.programs) {
        const std::string reference = fmt::format("{}/program-{}", image, ++number);
        if (program.role != Role::mentions) {
            write_component(json, program, target.image, reference);
        }
    }
    json.end_array();
}

}  // namespace

std::string write_cyclonedx(const Report& report, const policy::GateReport* gate) {
    std::string body;
    JsonWriter json(body, JsonWriter::Style::pretty);
    json.begin_object();
    json.member("$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json");
    json.member("bomFormat", "CycloneDX");
    json.member("specVersion", "1.6");
    // Filled in below, when what it depends on is written.
    constexpr std::string_view blank = "urn:uuid:00000000-0000-0000-0000-000000000000";
    json.member("serialNumber", blank);
    json.member("version", 1);
    json.key("metadata").begin_object();
    json.key("tools").begin_object();
    json.key("components").begin_array();
    json.begin_object();
    json.member("type", "application");
    json.member("name", "stratascan");
    json.member("version", report.engine.version);
    json.end_object();
    json.end_array();
    json.end_object();
    const bool single = report.targets.size() == 1;
    if (single) {
        json.key("component").begin_object();
        write_image(json, report.targets[0], "image-1", gate);
        json.end_object();
    }
    json.end_object();
    if (single) {
        write_programs(json, report.targets[0], "image-1");
    } else {
        json.key("components").begin_array();
        for (std::size_t i = 0; i < report.targets.size(); ++i) {
            const std::string reference = fmt::format("image-{}", i + 1);
            json.begin_object();
            write_image(json, report.targets[i], reference, gate);
            write_programs(json, report.targets[i], reference);
            json.end_object();
        }
        json.end_array();
    }
    json.end_object();
    body += '\n';
    body.replace(body.find(blank), blank.size(), "urn:uuid:" + uuid_of(body));
    return body;
}

}  // namespace stratascan::report
