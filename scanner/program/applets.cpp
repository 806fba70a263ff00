#include "scanner/program/applets.hpp"

#include <utility>

#include "scanner/program/multicall.hpp"

namespace stratascan::program {
namespace {

NameList longest_table(std::span<const Observation> loaded) {
    const Observation* best = nullptr;
    for (const Observation& seen : loaded) {
        if (best == nullptr || seen.applets.size() > best->applets.size()) best = &seen;
    }
    return best == nullptr ? NameList{} : NameList{best->applets, best->applets_cut};
}

/// Applets that were seen one at a time, where the kernel would load them; whether there
/// are more.
bool add_singles(Program& program, const ProgramRule& rule, const ElfFacts& elf,
                 const AppletSight& sight) {
    bool more = false;
    for (const auto& [literal, applets] : sight.singles) {
        const std::string& mark = sight.literals[literal];
        if (mark != rule.applets_before && mark != rule.applets_behind) continue;
        more = more || applets.cut;
        for (const auto& [name, offset] : applets.names) {
            if (elf.loaded(offset)) program.applets.push_back(name);
        }
        program.applets_from = mark == rule.applets_before ? "function names" : "source paths";
    }
    if (program.applets.empty()) program.applets_from.clear();
    return more;
}

}  // namespace

void SingleApplets::add(Observation&& seen) {
    std::string& name = seen.applets.front();
    const bool full = names.size() == most_names;
    cut = cut || seen.applets_cut || (full && !names.contains(name));
    if (!full) names.try_emplace(std::move(name), seen.offset);
}

bool add_applets(Program& program, const ProgramRule& rule, const JudgedFile& file,
                 const AppletSight& sight) {
    NameList table = longest_table(sight.loaded);
    if (!table.names.empty() && rule.multicall != "toybox") {
        program.applets = std::move(table.names);
        program.applets_from = rule.multicall == "busybox" ? "table" : "usage text";
        return table.cut;
    }
    if (file.bytes != nullptr) {
        Applets applets;
        if (rule.multicall == "toybox") applets = toybox_applets(*file.elf, *file.bytes);
        if (rule.multicall == "coreutils")
            applets = uutils_applets(*file.elf, *file.bytes, rule.names);
        program.applets = std::move(applets.names);
        program.applets_from = std::move(applets.from);
    }
    return program.applets.empty() && add_singles(program, rule, *file.elf, sight);
}

}  // namespace stratascan::program
