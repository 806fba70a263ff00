#include "scanner/image/programs.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "scanner/image/packaged.hpp"
#include "scanner/image/path_parts.hpp"
#include "scanner/source/json_document.hpp"

namespace stratascan::image {

namespace {

constexpr std::size_t folders_limit = 64;

void set_version(Program& program, std::string version, std::string_view source) {
    if (version.empty() || !program.version.empty()) return;
    program.version = std::move(version);
    program.version_reason.clear();
    program.version_source = source;
}

/// Versions by a key, where they do not contradict each other.
class Versions {
public:
    void add(const std::string& key, const std::string& version) {
        const auto [at, fresh] = known_.try_emplace(key, version);
        if (!fresh && at->second != version) at->second.clear();
    }
    [[nodiscard]] std::string of(const std::string& key) const {
        const auto found = known_.find(key);
        return found == known_.end() ? std::string() : found->second;
    }

private:
    std::map<std::string, std::string> known_;
};

bool is_visible(const Program& program) { return program.visibility == Visibility::visible; }

// The library is known by the name under which programs ask for it: its own, or that
// of a link to it.
void take_from_libraries(std::vector<Program>& programs) {
    Versions of_files;
    for (const Program& program : programs) {
        if (program.role != Role::embeds || program.version.empty() || !is_visible(program) ||
            !program.inner_path.empty()) {
            continue;
        }
        of_files.add(program.program + '\n' + std::string(base_of(program.path)), program.version);
        for (const std::string& alias : program.aliases) {
            of_files.add(program.program + '\n' + std::string(base_of(alias)), program.version);
        }
    }
    for (Program& program : programs) {
        if (program.version_library.empty()) continue;
        set_version(program, of_files.of(program.program + '\n' + program.version_library),
                    "library");
    }
}

void take_from_modules(std::vector<Program>& programs) {
    Versions of_programs;
    for (const Program& program : programs) {
        if (program.version_source == "module" && is_visible(program)) {
            of_programs.add(program.program, program.version);
        }
    }
    for (Program& program : programs) {
        if (program.is_script && program.role == Role::is) {
            set_version(program, of_programs.of(program.program), "module");
        }
    }
}

void take_from_packages(Program& program) {
    if (program.role != Role::is || !program.inner_path.empty() ||
        program.program_class == "packed") {
        return;
    }
    if (program.binary.note) {
        const PackageNote& note = *program.binary.note;
        set_version(program, upstream_version({note.type, note.name, note.version, {}}),
                    "package-note");
    }
    const bool as_packaged = program.ownership == Ownership::unmodified ||
                             program.ownership == Ownership::unchecked;
    if (as_packaged && program.owner) {
        set_version(program, upstream_version(*program.owner), "package");
    }
}

void find_reachable(Program& program, const std::set<std::string_view>& folders) {
    if (program.applets.empty() || !is_visible(program) || !program.inner_path.empty()) return;
    std::set<std::string_view> names;
    const auto add = [&](std::string_view path) {
        if (folders.contains(folder_of(path))) names.insert(base_of(path));
    };
    add(program.path);
    for (const std::string& alias : program.aliases) add(alias);
    for (const std::string& applet : program.applets) {
        if (names.contains(applet)) program.reachable.push_back(applet);
    }
}

}  // namespace

std::vector<std::string> program_folders(std::string_view config) {
    std::string path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    constexpr std::string_view name = "PATH=";
    if (const auto document = source::parse_json(config); document && document->is_object()) {
        const auto* settings = source::object_member(*document, "config");
        const auto* variables =
            settings == nullptr ? nullptr : source::list_member(*settings, "Env");
        if (variables != nullptr) {
            for (const auto& one : *variables) {
                if (!one.is_string()) continue;
                const auto& text = one.get_ref<const std::string&>();
                if (text.starts_with(name)) path = text.substr(name.size());
            }
        }
    }
    std::vector<std::string> folders;
    std::string_view rest = path;
    while (!rest.empty() && folders.size() < folders_limit) {
        const std::string_view one = rest.substr(0, rest.find(':'));
        rest.remove_prefix(std::min(one.size() + 1, rest.size()));
        std::string folder = layer::normalise_path(one);
        // What stands in one of them is mostly linked to from the other.
        if (folder == "bin" || folder == "sbin") folders.push_back("usr/" + folder);
        if (folder == "usr/bin" || folder == "usr/sbin") folders.push_back(folder.substr(4));
        if (!one.empty()) folders.push_back(std::move(folder));
    }
    return folders;
}

void complete_programs(std::vector<Program>& programs, const std::vector<std::string>& folders) {
    take_from_libraries(programs);
    take_from_modules(programs);
    const std::set<std::string_view> known(folders.begin(), folders.end());
    for (Program& program : programs) {
        take_from_packages(program);
        find_reachable(program, known);
    }
}

}  // namespace stratascan::image
