#include "scanner/policy/accounts.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace stratascan::policy {

namespace {

template <typename Number>
std::optional<Number> whole(std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || text.empty()) return {};
    return value;
}

// As strconv.Atoi reads it: a sign is allowed. Runtimes refuse ids past 2^31 - 1.
std::optional<std::uint32_t> id_of(std::string_view text) {
    bool minus = false;
    if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
        minus = text.front() == '-';
        text.remove_prefix(1);
    }
    const auto value = whole<std::uint64_t>(text);
    if (!value || *value > 0x7fffffff || (minus && *value > 0)) return std::nullopt;
    return static_cast<std::uint32_t>(*value);
}

template <typename Take>
void each_line(std::string_view text, Take take) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::array<std::string_view, 6> fields{};
        std::string_view line = text.substr(0, end);
        for (std::string_view& field : fields) {
            const std::size_t colon = std::min(line.find(':'), line.size());
            field = line.substr(0, colon);
            line.remove_prefix(std::min(colon + 1, line.size()));
        }
        take(fields);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

}  // namespace

std::vector<Account> read_accounts(std::string_view passwd) {
    std::vector<Account> accounts;
    each_line(passwd, [&](const auto& f) {
        const auto uid = whole<std::uint32_t>(f[2]);
        const auto gid = whole<std::uint32_t>(f[3]);
        if (!uid || !gid) return;
        accounts.push_back({std::string(f[0]), std::string(f[1]), *uid, *gid, std::string(f[4]),
                            std::string(f[5])});
    });
    return accounts;
}

std::vector<Group> read_groups(std::string_view group) {
    std::vector<Group> groups;
    each_line(group, [&](const auto& f) {
        if (const auto gid = whole<std::uint32_t>(f[1])) groups.push_back({std::string(f[0]), *gid});
    });
    return groups;
}

RunAs resolve_user(const std::string& user, const std::vector<Account>& accounts,
                   const std::vector<Group>& groups) {
    RunAs run;
    const std::size_t colon = user.find(':');
    const std::string name = user.substr(0, colon);
    const auto number = id_of(name);
    run.by_number = number.has_value();
    const auto account =
        std::find_if(accounts.begin(), accounts.end(), [&](const Account& one) {
            if (name.empty()) return one.uid == 0;
            return number ? one.uid == *number : one.name == name;
        });
    const bool known = account != accounts.end();
    if (number) {
        run.uid = number;
    } else if (known) {
        run.uid = account->uid;
    } else if (name.empty() || name == "root") {
        run.uid = 0;
    } else {
        run.problem = "the user \"" + name + "\" is not in etc/passwd";
    }
    if (run.uid) run.gid = known ? account->gid : 0;
    if (colon == std::string::npos || colon + 1 == user.size()) return run;
    const std::string group = user.substr(colon + 1);
    if (const auto gid = id_of(group)) {
        run.gid = gid;
        return run;
    }
    const auto found = std::find_if(groups.begin(), groups.end(),
                                    [&](const Group& one) { return one.name == group; });
    if (found != groups.end()) {
        run.gid = found->gid;
    } else if (group == "root") {
        run.gid = 0;
    } else {
        run.gid.reset();
        if (run.problem.empty()) run.problem = "the group \"" + group + "\" is not in etc/group";
    }
    return run;
}

}  // namespace stratascan::policy
