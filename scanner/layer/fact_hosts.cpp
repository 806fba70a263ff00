// Which hosts an application's own settings and sources name: a hint of where it will
// want to connect. Of a file its first 16 KiB are looked at, and of those the URLs.
#include <algorithm>
#include <array>

#include "scanner/layer/fact_spotter.hpp"

namespace stratascan::layer {

namespace {

constexpr std::size_t hosts_a_file = 16;

// Endings of settings, and of sources that name hosts.
constexpr std::array<std::string_view, 27> endings = {
    ".conf", ".cfg", ".cnf", ".ini", ".yaml", ".yml", ".toml", ".json", ".properties",
    ".env", ".xml", ".hcl", ".tf", ".sh", ".js", ".mjs", ".cjs", ".ts", ".py", ".rb",
    ".php", ".pl", ".go", ".java", ".kt", ".cs", ".lua"};

// Where packages and module trees put theirs.
constexpr std::array<std::string_view, 10> of_others = {
    "usr/share/", "usr/lib/", "usr/include/", "usr/bin/", "usr/sbin/",
    "usr/libexec/", "var/lib/", "lib/", "bin/", "sbin/"};
constexpr std::array<std::string_view, 5> module_trees = {
    "node_modules/", "site-packages/", "dist-packages/", "go/pkg/mod/", "vendor/"};

// Hosts of URLs that are names and no addresses: of namespaces and schemas.
constexpr std::array<std::string_view, 12> of_names = {
    "www.w3.org", "w3.org", "json-schema.org", "purl.org", "schema.org", "xmlns.com",
    "schemas.xmlsoap.org", "schemas.microsoft.com", "schemas.android.com",
    "java.sun.com", "xmlns.jcp.org", "json.schemastore.org"};

// RFC 2606 and RFC 6761 keep them for documentation and for the machine itself.
constexpr std::array<std::string_view, 9> reserved = {
    "localhost", "example", "invalid", "test", "example.com", "example.net", "example.org",
    "0.0.0.0", "0"};

bool is_below(std::string_view host, std::string_view zone) noexcept {
    return host == zone || (host.size() > zone.size() && host.ends_with(zone) &&
                            host[host.size() - zone.size() - 1] == '.');
}

bool is_of_interest(std::string_view host) noexcept {
    if (host.starts_with("127.")) return false;
    const auto below = [&](std::string_view zone) { return is_below(host, zone); };
    return std::ranges::none_of(reserved, below) &&
           std::ranges::find(of_names, host) == of_names.end();
}

bool is_host_char(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

// A name below a service may be its user's secret: of such a label the beginning is told.
std::string shown_host(std::string_view host) {
    constexpr std::size_t longest_label = 24, shown = 4;
    std::string text;
    while (true) {
        const std::size_t dot = std::min(host.find('.'), host.size());
        if (dot > longest_label) (text += host.substr(0, shown)) += "...";
        else text += host.substr(0, dot);
        if (dot == host.size()) return text;
        text += '.';
        host.remove_prefix(dot + 1);
    }
}

bool may_name_hosts(std::string_view path, std::string_view head) noexcept {
    const auto below = [&](std::string_view folder) { return path.starts_with(folder); };
    if (std::ranges::any_of(of_others, below)) return false;
    const auto within = [&](std::string_view folder) { return path.find(folder) != path.npos; };
    if (std::ranges::any_of(module_trees, within)) return false;
    const std::string_view name = path.substr(path.rfind('/') + 1);
    const auto ends = [&](std::string_view ending) { return name.ends_with(ending); };
    return head.starts_with("#!") || name.starts_with(".env") || std::ranges::any_of(endings, ends);
}

bool is_comment(std::string_view line) noexcept {
    const std::size_t first = line.find_first_not_of(" \t");
    if (first == line.npos) return true;
    line.remove_prefix(first);
    const auto begins = [&](std::string_view mark) { return line.starts_with(mark); };
    return std::ranges::any_of(
        std::array<std::string_view, 6>{"#", "//", "/*", "* ", ";", "<!--"}, begins);
}

}  // namespace

std::vector<std::string> hosts_in(std::string_view text) {
    constexpr std::string_view mark = "://";
    constexpr std::size_t longest = 253;  // of a name, RFC 1035, section 2.3.4
    std::vector<std::string> hosts;
    for (std::size_t at = text.find(mark); at != text.npos; at = text.find(mark, at)) {
        at += mark.size();
        const std::string_view rest = text.substr(at, 4 * longest);
        std::string_view place = rest.substr(0, rest.find_first_of("/?# \t\r\n\"'`,;<>()|\\"));
        place.remove_prefix(std::min(place.rfind('@') + 1, place.size()));
        std::string host(place.substr(0, place.find(':')));
        std::ranges::transform(host, host.begin(),
                               [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
        while (host.ends_with('.')) host.pop_back();
        const bool plain = !host.empty() && host.size() <= longest && std::ranges::all_of(host, is_host_char);
        if (!plain || !is_of_interest(host)) continue;
        std::string shown = shown_host(host);
        if (std::ranges::find(hosts, shown) == hosts.end()) hosts.push_back(std::move(shown));
    }
    return hosts;
}

void host_facts(std::string_view path, std::string_view head, const FileFact& base,
                std::vector<FileFact>& out) {
    if (!may_name_hosts(path, head)) return;
    std::vector<std::string> told;
    const auto add = [&](std::string_view detail) {
        out.push_back(base);
        out.back().kind = FactKind::named_host;
        out.back().detail = detail;
    };
    const bool whole = base.size <= head.size();
    for (std::size_t at = head.find("://"); at != head.npos; at = head.find("://")) {
        const std::size_t begin = head.rfind('\n', at) + 1;
        const std::size_t end = std::min(head.find('\n', at), head.size());
        const std::string_view line = head.substr(begin, end - begin);
        head.remove_prefix(end);
        if (is_comment(line)) continue;
        for (std::string& host : hosts_in(line)) {
            if (std::ranges::find(told, host) != told.end()) continue;
            if (told.size() == hosts_a_file) return add(more_hosts);
            add(host);
            told.push_back(std::move(host));
        }
    }
    if (!whole) add(hosts_cut);
}

}  // namespace stratascan::layer
