// Every function that decides a check, by the file that has it. Each answers for the
// check of the catalogue that it is listed under in registry.cpp.
#pragma once

#include "scanner/policy/subject.hpp"

namespace stratascan::policy {

// users.cpp
Answer user_root(const Subject&, const Settings&);
Answer user_ids(const Subject&, const Settings&);
Answer user_above(const Subject&, const Settings&);
Answer user_numeric(const Subject&, const Settings&);
Answer user_arbitrary(const Subject&, const Settings&);
Answer accounts_closed(const Subject&, const Settings&);

// origin.cpp
Answer image_age(const Subject&, const Settings&);
Answer base_age(const Subject&, const Settings&);
Answer reference_pinned(const Subject&, const Settings&);
Answer base_pinned(const Subject&, const Settings&);
Answer base_minimal(const Subject&, const Settings&);
Answer base_trusted(const Subject&, const Settings&);

// programs.cpp
Answer no_programs(const Subject&, const Settings&);
Answer no_package_manager(const Subject&, const Settings&);
Answer no_build_tools(const Subject&, const Settings&);
Answer no_remote_access(const Subject&, const Settings&);
Answer no_privilege_tools(const Subject&, const Settings&);
Answer binary_hardening(const Subject&, const Settings&);
Answer sbom_complete(const Subject&, const Settings&);

// files.cpp
Answer setuid_files(const Subject&, const Settings&);
Answer file_capabilities(const Subject&, const Settings&);
Answer world_writable(const Subject&, const Settings&);
Answer device_nodes(const Subject&, const Settings&);
Answer version_control(const Subject&, const Settings&);
Answer leftovers(const Subject&, const Settings&);
Answer dumps(const Subject&, const Settings&);
Answer cluster_credentials(const Subject&, const Settings&);
Answer log_files(const Subject&, const Settings&);

// secrets.cpp
Answer secrets_env(const Subject&, const Settings&);
Answer secrets_config(const Subject&, const Settings&);
Answer secrets_history(const Subject&, const Settings&);
Answer secrets_files(const Subject&, const Settings&);
Answer secrets_deleted(const Subject&, const Settings&);
Answer long_lived_credentials(const Subject&, const Settings&);
Answer private_keys(const Subject&, const Settings&);

// start.cpp
Answer healthcheck(const Subject&, const Settings&);
Answer healthcheck_tools(const Subject&, const Settings&);
Answer remote_ports(const Subject&, const Settings&);
Answer ports(const Subject&, const Settings&);
Answer volumes(const Subject&, const Settings&);
Answer exec_form(const Subject&, const Settings&);
Answer start_installs(const Subject&, const Settings&);
Answer egress(const Subject&, const Settings&);

// build.cpp
Answer remote_add(const Subject&, const Settings&);
Answer unverified_downloads(const Subject&, const Settings&);
Answer copy_all(const Subject&, const Settings&);
Answer package_caches(const Subject&, const Settings&);
Answer resource_limits(const Subject&, const Settings&);
Answer labels(const Subject&, const Settings&);

// attached.cpp
Answer signed_image(const Subject&, const Settings&);
Answer sbom(const Subject&, const Settings&);
Answer provenance(const Subject&, const Settings&);
Answer vex(const Subject&, const Settings&);
Answer suppressions_justified(const Subject&, const Settings&);

}  // namespace stratascan::policy
