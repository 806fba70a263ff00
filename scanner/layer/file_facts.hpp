// What a layer says of its files beside secrets and programs: modes, capabilities,
// leftovers of a build, dumps, caches, and the few small documents that say who may
// log in and which distribution this is. All of it is known from the layer's bytes
// alone; what of it is still there in the image is settled in image/image_facts.hpp.
//
// Plain data of strings and numbers, so that a store can keep it with the result.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stratascan::layer {

enum class FactKind : std::uint8_t {
    setuid,                 ///< a file with mode 04000
    setgid,                 ///< a file with mode 02000
    capability,             ///< security.capability; detail as getcap(8) prints it
    world_writable_file,    ///< mode 00002
    world_writable_folder,  ///< mode 00002 without the sticky bit
    device,                 ///< a block or character device node
    private_path,           ///< for its owner alone, outside of the system's folders; detail "uid N"
    version_control,        ///< a file below .git, .svn or .hg; detail names the folder
    editor_folder,          ///< a file below .vscode or .idea; detail names the folder
    build_file,             ///< Dockerfile, compose file, .dockerignore
    environment_file,       ///< .env, .env.production, …
    credential_file,        ///< a file below .aws, .ssh, .azure, …; detail names the folder
    desktop_file,           ///< .DS_Store, Thumbs.db
    user_cache,             ///< a file below .cache or .npm; detail names the folder
    history_file,           ///< .bash_history, .psql_history, …, not empty
    core_dump,              ///< ELF of type ET_CORE
    heap_dump,              ///< "JAVA PROFILE 1.", *.heapsnapshot
    packet_capture,         ///< pcap and pcapng by their magic numbers
    database_dump,          ///< pg_dump, mysqldump, Redis; detail says which
    host_key,               ///< etc/ssh/ssh_host_*_key
    kube_config,            ///< .kube/config, kubeconfig, etc/kubernetes/*.conf
    terraform_state,        ///< *.tfstate, *.tfstate.backup, *.tfvars
    service_token,          ///< var/run/secrets/kubernetes.io/…
    remote_setting,         ///< sshd_config, inetd.conf, xinetd.conf
    package_cache,          ///< var/lib/apt/lists, var/cache/apk, …; detail names the folder
    package_database,       ///< detail "dpkg", "dpkg status.d", "apk", "rpm", "pacman"
    image_mark,             ///< what makers of small images leave; detail names it
    image_sbom,             ///< a bill of materials among the files
    header,                 ///< of a C library, below usr/include
    static_library,         ///< *.a
    object_file,            ///< *.o that is ELF of type ET_REL
    log_file,               ///< *.log or var/log/…, not empty
    start_install,          ///< a script that installs something; detail is the command
    proxy_setting,          ///< a script that names FORGE_EGRESS_PROXY_URL or SERVER_PORT
    weak_binary,            ///< an executable without a usual protection; detail says which
    script,                 ///< an executable script outside of packages' folders; detail is its interpreter
    dynamic_binary,         ///< an executable outside of packages' folders that needs a loader; detail names it
    named_host,             ///< the host of a URL in an application's own file; detail is the host
};
inline constexpr FactKind last_fact_kind = FactKind::named_host;

[[nodiscard]] std::string_view to_string(FactKind kind) noexcept;

struct FileFact {
    FactKind kind = FactKind::setuid;
    std::string path;    ///< of the layer's member
    std::string detail;  ///< see FactKind; may be empty
    std::uint32_t ordinal = 0;
    std::uint32_t mode = 0;
    std::uint64_t size = 0;
};

enum class DocumentKind : std::uint8_t { passwd, group, shadow, shells, os_release, bill };

/// A small document as lines; of a bill of materials what written() of bill_of_materials.hpp
/// says. No password hash is ever in it: the second field of
/// passwd and shadow is "" (empty), "*" (locked), "x" (elsewhere) or "set"; of passwd
/// the fields 1, 2, 3, 4, 6 and 7 are kept, of shadow 1 and 2, of group 1 and 3.
struct SmallDocument {
    DocumentKind kind = DocumentKind::passwd;
    std::string path;
    std::string text;
    std::uint32_t ordinal = 0;
    bool cut = false;  ///< it is longer than what is kept
};

struct FileFacts {
    bool known = false;  ///< they were looked for: an empty list says that there are none
    std::vector<FileFact> facts;           ///< sorted by (ordinal, kind, detail)
    std::vector<SmallDocument> documents;  ///< sorted by ordinal
    std::map<FactKind, std::uint64_t> untold;  ///< past `facts_a_kind`
    std::int64_t newest_mtime = 0;  ///< of its regular files, seconds since 1970; 0: none
};

/// Of each kind, a layer.
inline constexpr std::size_t facts_a_kind = 512;
inline constexpr std::size_t documents_a_layer = 32;
inline constexpr std::size_t document_text_limit = 64 << 10;
inline constexpr std::size_t bills_a_layer = facts_a_kind;
/// Of all of a layer's bills of materials.
inline constexpr std::size_t bill_text_limit = 1 << 20;

/// The value of security.capability as getcap(8) prints it ("cap_net_raw=ep"), or
/// nothing where it is none. Format: struct vfs_cap_data of linux/capability.h, of
/// revision 1, 2 or 3, little-endian.
[[nodiscard]] std::optional<std::string> decode_capability(std::string_view value);

/// What is kept of a line of such a document, or nothing.
[[nodiscard]] std::optional<std::string> kept_line(DocumentKind kind, std::string_view line);

}  // namespace stratascan::layer
