// The users and groups of an image, and who config.User is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/image/image_facts.hpp"

namespace stratascan::policy {

struct Account {
    std::string name, password;  ///< password: "", "*", "x" or "set"
    std::uint32_t uid = 0, gid = 0;
    std::string home, shell;
};

struct Group {
    std::string name;
    std::uint32_t gid = 0;
};

/// Of the lines that layer::kept_line() keeps.
[[nodiscard]] std::vector<Account> read_accounts(std::string_view passwd);
[[nodiscard]] std::vector<Group> read_groups(std::string_view group);

/// Who a process runs as. A name that is in no file has no id, and `problem` says so.
struct RunAs {
    std::optional<std::uint32_t> uid, gid;
    bool by_number = false;  ///< the user's part is a number
    std::string problem;
};

/// As runtimes resolve "user[:group]": a number (also "00" and "+0") is an id, anything
/// else a name; no user is root; the group, where it is not given, is the user's own,
/// and 0 for an id that is in no passwd (moby/sys/user, GetExecUser).
[[nodiscard]] RunAs resolve_user(const std::string& user, const std::vector<Account>& accounts,
                                 const std::vector<Group>& groups);

}  // namespace stratascan::policy
