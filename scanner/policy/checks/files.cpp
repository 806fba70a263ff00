// Modes of files, and what a build left behind.
#include <fmt/format.h>

#include "scanner/policy/checks/answers.hpp"
#include "scanner/policy/checks/checks.hpp"

namespace stratascan::policy {

using layer::FactKind;

Answer setuid_files(const Subject& subject, const Settings& settings) {
    Answer answer =
        about_facts(subject, {FactKind::setuid, FactKind::setgid}, "setuid and setgid files");
    std::int64_t open = 0;
    for (Item& item : answer.items) {
        if (!item.counts) continue;
        ++open;
        // A shell or an interpreter among them gives root to anyone.
        for (const Program& program : subject.report.programs) {
            const bool any = program.program_class == "shell" ||
                             program.program_class == "interpreter" ||
                             program.program_class == "editor";
            if (!any || program.path != item.path || program.layer_index != item.layer_index) {
                continue;
            }
            const std::string what = ": " + program.program + ", which runs whatever it is given";
            item.text += what;
            item.key += what;
        }
    }
    const std::int64_t most = number(settings, "most");
    if (answer.outcome == Outcome::fail && open <= most && answer.left_out == 0) {
        answer.outcome = Outcome::pass;
        answer.reason = fmt::format("{}, {} are let pass", answer.reason, most);
    }
    return answer;
}

Answer file_capabilities(const Subject& subject, const Settings&) {
    if (subject.report.image.kind == "directory") {
        return unknown("attributes of a folder's files are not read");
    }
    return about_facts(subject, {FactKind::capability}, "files with capabilities");
}

Answer world_writable(const Subject& subject, const Settings&) {
    return about_facts(subject,
                       {FactKind::world_writable_file, FactKind::world_writable_folder},
                       "files and folders that everyone may write");
}

Answer device_nodes(const Subject& subject, const Settings&) {
    return about_facts(subject, {FactKind::device}, "device nodes");
}

Answer version_control(const Subject& subject, const Settings&) {
    return about_facts(subject, {FactKind::version_control}, "files of version control");
}

Answer leftovers(const Subject& subject, const Settings&) {
    return about_facts(subject,
                       {FactKind::environment_file, FactKind::credential_file,
                        FactKind::editor_folder, FactKind::build_file, FactKind::desktop_file,
                        FactKind::user_cache},
                       "leftovers");
}

Answer dumps(const Subject& subject, const Settings&) {
    return about_facts(subject,
                       {FactKind::history_file, FactKind::core_dump, FactKind::heap_dump,
                        FactKind::packet_capture, FactKind::database_dump},
                       "dumps, captures and histories");
}

Answer cluster_credentials(const Subject& subject, const Settings&) {
    return about_facts(subject,
                       {FactKind::kube_config, FactKind::service_token, FactKind::terraform_state},
                       "cluster credentials and Terraform states");
}

Answer log_files(const Subject& subject, const Settings&) {
    Answer answer = about_facts(subject, {FactKind::log_file}, "log files");
    for (const image::PlacedFact& link : subject.facts.log_links) {
        Item item = file_item(link, "a link to /" + link.detail);
        item.counts = false;
        add(answer, std::move(item));
    }
    return answer;
}

}  // namespace stratascan::policy
