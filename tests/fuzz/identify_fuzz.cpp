// Any bytes round a literal: the version search, the applet table, the verdict.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "scanner/program/identify.hpp"

namespace {

using namespace stratascan::program;
using stratascan::Program;

std::shared_ptr<const ProgramSet> make_set() {
    ProgramRule bare;
    bare.id = "bare";
    bare.program_class = "shell";
    bare.identity = {{"literal of bare"}};
    bare.version = R"(\0(\d+\.\d+(?:\.\d+)?)\0)";
    bare.names = {"bare", "bare#", "*-bare-#"};
    ProgramRule box;
    box.id = "busybox";
    box.program_class = "shell";
    box.identity = {{"BusyBox v", "multi-call binary"}};
    box.version = R"(BusyBox v(\d+\.\d+(?:\.\d+)?))";
    box.multicall = "busybox";
    box.table_anchor = std::string("[\0[[\0", 5);
    ProgramRule wide;
    wide.id = "wide";
    wide.program_class = "build-tool";
    wide.identity = {{"(GNU Binutils"}};
    wide.version = R"(\(GNU Binutils[^)]{0,64}\) ?(\d+\.\d+[\d.]*))";
    return *ProgramSet::build({bare, box, wide});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::shared_ptr<const ProgramSet> set = make_set();
    if (size < 4) return 0;
    const std::string_view around(reinterpret_cast<const char*>(data) + 4, size - 4);
    const std::size_t at = (data[0] | std::size_t{data[1]} << 8U) % (size + 8);
    FileJudge judge(set);
    for (std::uint32_t literal = 0; literal <= set->literals().size(); ++literal) {
        Observation seen = set->observe(literal, data[2], around, at);
        for (std::size_t i = 1; i < seen.applets.size(); ++i) {
            if (seen.applets[i - 1] >= seen.applets[i]) __builtin_trap();
        }
        judge.add(std::move(seen));
    }
    ElfFacts elf;
    elf.type = 2 + data[3] % 2;
    for (const Program& program : judge.judge(elf, around.substr(0, 300), data[3])) {
        if (program.version.empty() == program.version_reason.empty()) __builtin_trap();
    }
    static_cast<void>(busybox_applets(around));
    return 0;
}
