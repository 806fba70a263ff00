// Programs that are no ELF files: scripts, and the modules that are all that there is
// to a program besides a line that starts it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stratascan::program {

/// The interpreter that a script's first line names, without its folder and with
/// `env` seen through: "#!/usr/bin/env -S python3 -E" -> "python3". Empty: none.
[[nodiscard]] std::string script_interpreter(std::string_view head);

/// A module that a file at a well-known place describes:
///   NAME-VERSION.dist-info/METADATA, NAME-VERSION.egg-info[/PKG-INFO]  Python, core
///                                                                      metadata (PEP 566)
///   NAME/package.json                                                  Node.js
///   specifications/[default/]NAME-VERSION.gemspec                      Ruby
struct ModuleFile {
    std::string name;     ///< as its ecosystem writes it, in lower case
    std::string version;  ///< from the file's text; empty where that has none
};
/// `head`: the file's first bytes. Nothing: its path or text is no such file's.
[[nodiscard]] std::optional<ModuleFile> read_module(std::string_view path, std::string_view head);

}  // namespace stratascan::program
