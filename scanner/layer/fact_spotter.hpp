// Looks at a window for file facts: at the headers of members that it is the first
// to show, and at the first bytes of files that it owns. Work for each header, none
// for each byte; done by the workers, so that collecting stays cheap.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/layer/file_facts.hpp"
#include "scanner/layer/window.hpp"

namespace stratascan::layer {

struct SpottedFacts {
    std::vector<FileFact> facts;
    std::int64_t newest_mtime = 0;
    bool documents = false;  ///< a member is a document that is kept
};

/// Thread-safe. Windows of containers have none.
[[nodiscard]] SpottedFacts spot_facts(const Window& window);

/// The kind of document that a path is, if any. Bills of materials are known by their names,
/// and by the folder where apko puts them.
[[nodiscard]] std::optional<DocumentKind> document_kind(std::string_view path) noexcept;

/// Whether a file is called like a bill of materials.
[[nodiscard]] bool is_bill_path(std::string_view path) noexcept;

/// Facts that a file's path tells; `size` is that of its contents.
void path_facts(std::string_view path, std::uint64_t size, FileFact base,
                std::vector<FileFact>& out);

/// Facts that a file's first bytes tell, 16 KiB of them or all.
void content_facts(std::string_view path, std::string_view head, const FileFact& base,
                   std::vector<FileFact>& out);

/// Hosts of the URLs in a text, in lower case, each once: not the machine itself, not those
/// that documentation may use, not the names of namespaces. Of a label of more than 24
/// characters the first four: it may be a secret.
[[nodiscard]] std::vector<std::string> hosts_in(std::string_view text);

/// The hosts that a file of the application's own names: its settings, scripts and sources,
/// not those of packages and module trees, and not in comments.
void host_facts(std::string_view path, std::string_view head, const FileFact& base,
                std::vector<FileFact>& out);

/// Details of FactKind::named_host that are no hosts.
inline constexpr std::string_view hosts_cut = "only the first 16 KiB were looked at for hosts";
inline constexpr std::string_view more_hosts = "names more hosts than are told";

/// The detail of FactKind::start_install where nothing is installed in a script's first
/// 16 KiB, which is all that was looked at.
inline constexpr std::string_view script_cut = "only its first 16 KiB were looked at";

/// What a line of a shell script installs ("apt-get install"), or "".
[[nodiscard]] std::string install_command(std::string_view line);

/// "curl … | sh": a download that goes to a shell unseen.
[[nodiscard]] bool pipes_to_shell(std::string_view line) noexcept;

}  // namespace stratascan::layer
