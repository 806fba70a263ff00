// The result of a scan, as plain data: what `--format json` prints and what a
// program that links libstratascan gets. Field names are those of the JSON
// report `stratascan/report/1`. No field ever holds a secret in the clear,
// except `Finding::clear_text`, which is filled only when the caller asked for
// it with Options::show_secrets.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stratascan/rare.hpp"

namespace stratascan::image {
struct GateFacts;
}

namespace stratascan {

enum class Severity : std::uint8_t { info, low, medium, high, critical };
enum class Confidence : std::uint8_t { low, medium, high };

/// How sure a finding is, judged offline from the bytes alone.
enum class Evidence : std::uint8_t {
    pattern,        ///< it has the shape, nothing more could be checked
    well_formed,    ///< its structure parses (a JWT, a key, a decoded id)
    bad_checksum,   ///< it carries a checksum that does not hold
    verified,       ///< its checksum holds, or the key parsed as a whole
    known_example,  ///< a published documentation or test value
};

/// Where in an image the bytes stood.
enum class Source : std::uint8_t {
    file,        ///< a file's contents in a layer
    env,         ///< config.Env
    label,       ///< config.Labels
    history,     ///< history[].created_by, comment or author
    entrypoint,  ///< config.Entrypoint
    command,     ///< config.Cmd
    healthcheck, ///< config.Healthcheck
    annotation,  ///< manifest, index or descriptor annotations
    config,      ///< any other member of the config
    manifest,    ///< any other member of a manifest or index
    attestation, ///< the bytes of an attestation or other artifact that is no file system
    whiteout,    ///< the payload of a whiteout marker
    xattr,       ///< an extended attribute
    header,      ///< any other part of a tar header: names, links, PAX records
    trailer,     ///< bytes that belong to no member: padding, gaps, after the end marker
};

enum class Visibility : std::uint8_t { visible, deleted, overwritten };

/// How much of a layer was read.
enum class LayerState : std::uint8_t {
    complete,     ///< every byte was read, and the digest is the claimed one
    partial,      ///< some bytes were not read; `gaps` says which and why
    failed,       ///< not read, or not the blob that its digest claims
    unsupported,  ///< of a format that is not read
    encrypted,    ///< an encrypted layer without its key
};

/// What the file that holds a program is in relation to the program.
enum class Role : std::uint8_t { is, embeds, mentions };

/// Whose file a program is, by the package databases of its image.
enum class Ownership : std::uint8_t {
    unknown,     ///< the image has no package database
    unpackaged,  ///< it has one, and no package lists the file
    unchecked,   ///< a package lists it; its contents were not held against the list
    modified,    ///< a package lists it with other contents
    unmodified,  ///< a package lists it with these contents
};

[[nodiscard]] std::string_view to_string(Severity) noexcept;
[[nodiscard]] std::string_view to_string(Confidence) noexcept;
[[nodiscard]] std::string_view to_string(Evidence) noexcept;
[[nodiscard]] std::string_view to_string(Source) noexcept;
[[nodiscard]] std::string_view to_string(Visibility) noexcept;
[[nodiscard]] std::string_view to_string(LayerState) noexcept;
[[nodiscard]] std::string_view to_string(Role) noexcept;
[[nodiscard]] std::string_view to_string(Ownership) noexcept;
[[nodiscard]] std::optional<Severity> severity_from(std::string_view) noexcept;
[[nodiscard]] std::optional<Confidence> confidence_from(std::string_view) noexcept;

/// Bytes that were not scanned, and why. `path` is empty when the gap belongs
/// to the layer itself; `bytes` counts what is known to be missing, in the
/// uncompressed stream where the layer is compressed (0: not known).
struct Gap {
    std::string path;
    std::string reason;
    std::uint64_t bytes = 0;
    std::vector<std::string> inner_path{};  ///< the way into nested containers
};

/// A package of a distribution. Of a finding or a program: the file that it is in has
/// the contents that the package's checksum list gives for its path (dpkg: MD5, apk:
/// SHA-1, rpm: SHA-256). That helps to filter and proves nothing: the lists stand in the image, and
/// MD5 can be forged.
struct Package {
    std::string manager;  ///< "dpkg", "apk", "rpm"
    std::string name;
};

/// A certificate in the same image that is for the public half of a private key.
struct KeyCertificate {
    std::string subject;             ///< "CN=example.org, O=Example"; may be cut
    std::vector<std::string> names;  ///< alternative names, 16 at most
    std::string not_after;           ///< "2030-01-02T03:04:05Z"; empty: not readable
    int layer_index = -1;
    std::string path;                     ///< of the layer's file
    std::vector<std::string> inner_path;  ///< the way into nested containers
};

/// The other half of a credential that has two: an access key's id and its secret.
struct Pair {
    std::string role;  ///< of the partner: "id" or "secret"
    std::string rule;  ///< the partner's
    std::string path;
    std::uint64_t line = 0;  ///< as in the partner's finding
    std::uint64_t offset = 0;
    std::string secret_id;
};

/// What a secret belongs to and is no secret: a user's name, a client's id.
struct Identifier {
    std::string kind;   ///< "user", "client-id", "account-sid"
    std::string value;  ///< printable, 64 bytes at most
    std::string secret_id;  ///< what the value would be called if it were a secret
};

/// An entry of a suppression file that lets a finding or a program pass for a while.
struct Suppressed {
    std::string reason, owner;
    std::string until;  ///< "2027-01-31"
    std::string where;  ///< "file:line"
};

/// One secret at one place of one image. Paths are those of the tar member,
/// without a leading "./" or "/", in the bytes that the layer holds (not
/// necessarily UTF-8).
struct Finding {
    std::string rule;
    std::string title;
    Severity severity = Severity::medium;
    Confidence confidence = Confidence::medium;
    Evidence evidence = Evidence::pattern;
    std::string evidence_detail;  ///< why, in a few words; may be empty
    Source source = Source::file;
    int layer_index = -1;  ///< counts the image's layers from 0; -1: not in a layer
    std::string layer;     ///< blob digest; the config's or manifest's digest where source says so
    std::string path;  ///< where source is not a file: the member of the config, "config.Env[2]"
    /// The way into nested containers and encodings. In a git repository: "blob ID",
    /// then, where it is known, "commit ID PATH", the earliest commit that has the
    /// blob, and its path in that commit's tree.
    std::vector<std::string> inner_path;
    /// Of a blob in a git repository: whether it is in the tree of HEAD. Nothing where
    /// that is not known.
    std::optional<bool> in_head;
    std::uint64_t line = 0;               ///< from 1; 0 in binary files
    std::uint64_t offset = 0;             ///< of the secret, in bytes from the start of the file
    std::uint64_t length = 0;             ///< of the secret, in bytes
    std::string redacted;
    std::string secret_id;           ///< "hmac-sha256:" and 64 hex digits, keyed
    std::string public_fingerprint;  ///< "SHA256:…" as ssh-keygen -l prints it; private keys only
    /// Hex SHA-256 of the DER SubjectPublicKeyInfo, as `openssl pkey -pubout
    /// -outform DER | sha256sum` prints it; private keys only.
    std::string public_key_sha256;
    Visibility visibility = Visibility::visible;
    int hidden_by = -1;  ///< index of the layer that deleted or overwrote the file; -1: none
    std::string created_by;
    Rare<Package> package;  ///< of whose unmodified files this one is
    Rare<KeyCertificate> certificate;  ///< of a private key: the one that ends last
    Rare<Pair> pair;
    Rare<Identifier> identifier;
    Rare<Suppressed> suppressed;
    bool blob_mismatch = false;  ///< found in a blob that is not what its digest claims
    std::string clear_text;      ///< only with Options::show_secrets
};

/// The package that lists a file, as the package database has it.
struct Owner {
    std::string manager;       ///< "dpkg", "apk", "rpm"
    std::string name;
    std::string version;       ///< whole: "1:2.3-4", "1.36.1-r5"; empty: not known
    std::string architecture;  ///< may be empty
};

/// A note that a distribution's build put into a binary: JSON in an ELF note of the
/// owner "FDO" (systemd.io, "Package Metadata for Executable Files").
struct PackageNote {
    std::string type, name, version, architecture, os;
};

/// What Go's linker says of a build (`go version -m`).
struct GoBuild {
    std::string go_version;    ///< "go1.22.3"
    std::string main_package;  ///< "path"
    std::string module, module_version;
    std::string revision;             ///< "vcs.revision"
    std::vector<std::string> linked;  ///< of -ldflags: "main.version=1.2", versions only
};

/// What a binary says of its own build. Everything may be empty.
struct BinaryFacts {
    std::string build_id;              ///< hex, of NT_GNU_BUILD_ID
    std::vector<std::string> comment;  ///< compilers that had a part in it
    std::string debug_link;            ///< name of the file with its debugging symbols
    std::optional<PackageNote> note;
    std::optional<GoBuild> go;
    std::vector<std::string> crates;   ///< of Rust: "name version", as cargo-auditable lists them
};

/// A link to a program that a later layer took away.
struct RemovedAlias {
    std::string path;
    int hidden_by = -1;  ///< index of the layer
};

/// One program file of one image, known by its content.
struct Program {
    std::string program;
    std::string title;
    std::string program_class;
    std::string version;         ///< empty: none found, see version_reason
    std::string version_reason;  ///< why `version` is empty
    /// Where `version` is from: "binary", "script", "go-buildinfo", "package-note", "library"
    /// (`version_library`), "module" (the script's module), "package" (`owner`).
    std::string version_source;
    std::string version_library;  ///< a needed library whose version the program's is
    Role role = Role::is;
    int layer_index = -1;
    std::string layer;
    std::string path;
    std::vector<std::string> inner_path;  ///< the way into nested containers
    Visibility visibility = Visibility::visible;
    int hidden_by = -1;
    bool renamed = false;   ///< no name that this program is known by
    bool is_static = false; ///< no dynamic loader is asked for
    bool packed = false;    ///< an executable packer hides its contents
    bool setuid = false;
    bool setgid = false;
    bool is_script = false;             ///< a script, or the module of one
    bool runs_commands = false;         ///< can run any command without a shell
    std::optional<bool> stripped;       ///< it has no symbol table; nothing: not seen
    bool sections_missing = false;      ///< an ELF file without section headers
    std::vector<std::string> applets;   ///< of a multi-call program, as its --list prints them
    std::string applets_from;           ///< "table", "usage text", "function names";
                                        ///< of "usage texts" and "source paths" some may lack
    std::vector<std::string> reachable; ///< those of them that a link in a folder of programs names
    BinaryFacts binary;
    std::vector<std::string> evidence;  ///< literal texts and facts that identified it
    std::vector<std::string> aliases;   ///< links to this file in the same image
    std::vector<RemovedAlias> removed_aliases;
    Rare<Package> package;     ///< of whose unmodified files this one is
    Rare<Suppressed> suppressed;
    Ownership ownership = Ownership::unknown;
    std::optional<Owner> owner;         ///< of a file that is unchecked, modified or unmodified
    std::string created_by;
};

struct LayerReport {
    int index = 0;
    std::string digest;  ///< as claimed; computed where the format carries none
    std::string media_type;
    std::string compression;  ///< as found: "gzip", "zstd", "none", …
    std::string created_by;
    std::string path;  ///< of a stray: its member in the archive, its file in the layout
    LayerState state = LayerState::complete;
    std::string state_reason;
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;             ///< uncompressed
    std::uint64_t compressed_bytes = 0;  ///< of the blob
    std::vector<Gap> gaps;
};

struct ImageInfo {
    std::string digest;    ///< of the manifest; empty where the format has none
    std::string platform;  ///< "linux/arm64/v8"; empty where unknown
    std::string created;
    std::string config_digest;
    std::vector<std::string> names;  ///< tags and reference names that point at it
    /// "image", "attestation", "artifact", "layer", "directory"; "stray": what lies beside a
    /// target's images, each member a layer; "unread": the target could not be read, see gaps.
    std::string kind = "image";
    /// ID and VERSION_ID of os-release(5) in the final file system: "debian", "12".
    std::string distribution{}, distribution_version{};
};

struct Coverage {
    bool complete = true;
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
    std::uint64_t gaps = 0;
};

struct TargetReport {
    std::string target;  ///< as the user wrote it
    ImageInfo image;
    std::vector<LayerReport> layers;
    std::vector<Finding> findings;
    std::vector<Program> programs;
    bool secrets_sought = true;      ///< false: --programs-only
    std::vector<std::string> notes;  ///< what a reader should know that is no gap
    std::vector<Gap> gaps;           ///< of the image itself: a missing config, a bad manifest
    Coverage coverage;
    /// What policies ask for; only with Options::facts. Of no public form.
    std::shared_ptr<const image::GateFacts> facts;
};

struct EngineInfo {
    std::string version;
    std::string
        ruleset;  ///< "sha256:" of the rules, the engine and every option that changes results
};

struct Report {
    EngineInfo engine;
    std::vector<TargetReport> targets;
    bool cancelled = false;
};

}  // namespace stratascan
