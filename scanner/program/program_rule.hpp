// The rules that name programs, as `patterns/programs/*.toml` writes them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace stratascan::program {

/// A program is known by sets of literals that must all lie in the load
/// segments of one ELF file. Any one set is enough.
struct ProgramRule {
    std::string id;             ///< "bash"
    std::string title;          ///< "GNU Bash"
    std::string program_class;  ///< "shell", …: the classes of the report
    std::vector<std::vector<std::string>> identity;  ///< any of these sets; all of a set
    /// Of a script: interpreters that its first line may name, as globs of file names
    /// ("python#"); its identity then stands anywhere in it. No ELF file is one.
    std::vector<std::string> shebang;
    /// Folders of modules whose presence is the program's: "pip" (a folder
    /// `pip-VERSION.dist-info` or `.egg-info`), "npm" (`npm/package.json`). They give
    /// the version, and count without a script that starts them.
    std::vector<std::string> modules;
    std::vector<std::string> unless;  ///< literals that say: not this, but another that contains it
    std::vector<std::string> embedded_when;  ///< literals that lower the role to `embeds`
    std::string version;        ///< RE2 with one capture, tried near an identity literal
    /// Literals to look for the version near, in place of the identity's, where
    /// those stand too far from it. They identify nothing.
    std::vector<std::string> version_near;
    /// How applets are read: "busybox", "toybox", "coreutils" (a list of names between
    /// spaces), "dropbear" (names in quotes, a line each, behind the identity), "u-root" (names
    /// of functions, `applets_before`), or empty.
    std::string multicall;
    std::string table_anchor;   ///< how the list of applets begins; it identifies nothing
    /// Where no list is: texts that an applet's name stands in front of, after a slash
    /// ("…/cmds/core/cat.registeredMain"), or behind, up to a slash ("src/uu/cat/src").
    std::string applets_before, applets_behind;
    /// File names it is known by: globs of `*`, `?`, and `#` for a run of digits
    /// and dots ("python#").
    std::vector<std::string> names;
    std::vector<std::string> examples;  ///< "package:path" pairs that the figures install and check
    std::string version_reason; ///< why no version can be read, where it cannot
    /// Glob of the needed library whose version is the program's: "libruby-#.so.#". It
    /// is the version of the program that is embedded in the image's file of that name.
    std::string version_from_library;
    bool runs_commands = false;  ///< whoever can start it can run any command, without a shell
};

}  // namespace stratascan::program
