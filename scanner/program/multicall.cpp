// Which commands a busybox holds, from its bytes.
//
// A busybox compresses its usage texts, so no literal of a single applet can be
// relied on. What it cannot compress is the table that it looks argv[0] up in:
// one run of NUL-terminated names in strict byte order, for the look-up halves
// it. The run is its own proof: thirty names in strict order, most of them
// known, stand nowhere else (mksh's and posh's alias tables, the closest seen,
// have 15 to 17). The byte before the first name is not always NUL, so the
// first name is whatever known name the first token ends with.
#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "scanner/program/identify.hpp"

namespace stratascan::program {
namespace {

constexpr std::size_t shortest_table = 30;
constexpr std::size_t longest_name = 32;

/// Names that busybox documents as applets, over all its releases. In byte order.
constexpr std::array<std::string_view, 444> known_applets{
    "[", "[[", "acpid", "add-shell", "addgroup", "adduser", "adjtimex", "ar", "arch", "arp",
    "arping", "ascii", "ash", "awk", "base32", "base64", "basename", "bash", "bbconfig", "bc",
    "beep", "blkdiscard", "blkid", "blockdev", "bootchartd", "brctl", "bunzip2", "busybox", "bzcat",
    "bzip2", "cal", "cat", "catv", "chat", "chattr", "chcon", "chgrp", "chmod", "chown", "chpasswd",
    "chpst", "chroot", "chrt", "chvt", "cksum", "clear", "cmp", "comm", "conspy", "cp", "cpio",
    "crc32", "crond", "crontab", "cryptpw", "cttyhack", "cut", "date", "dc", "dd", "deallocvt",
    "delgroup", "deluser", "depmod", "devfsd", "devmem", "df", "dhcprelay", "diff", "dirname",
    "dmesg", "dnsd", "dnsdomainname", "dos2unix", "dpkg", "dpkg-deb", "du", "dumpkmap",
    "dumpleases", "e2fsck", "echo", "ed", "egrep", "eject", "env", "envdir", "envuidgid",
    "ether-wake", "expand", "expr", "factor", "fakeidentd", "fallocate", "false", "fatattr",
    "fbset", "fbsplash", "fdflush", "fdformat", "fdisk", "fgconsole", "fgrep", "find", "findfs",
    "flash_eraseall", "flash_lock", "flash_unlock", "flashcp", "flock", "fold", "free",
    "freeramdisk", "fsck", "fsck.ext2", "fsck.ext3", "fsck.minix", "fsfreeze", "fstrim", "fsync",
    "ftpd", "ftpget", "ftpput", "fuser", "generate-md5sum", "getenforce", "getfattr", "getopt",
    "getsebool", "getty", "grep", "groups", "gunzip", "gzip", "halt", "hd", "hdparm", "head",
    "hexdump", "hexedit", "hostid", "hostname", "httpd", "hush", "hwclock", "i2cdetect", "i2cdump",
    "i2cget", "i2cset", "i2ctransfer", "id", "ifconfig", "ifdown", "ifenslave", "ifplugd", "ifup",
    "inetd", "init", "inotifyd", "insmod", "install", "ionice", "iostat", "ip", "ipaddr", "ipcalc",
    "ipcrm", "ipcs", "iplink", "ipneigh", "iproute", "iprule", "iptunnel", "kbd_mode", "kill",
    "killall", "killall5", "klogd", "lash", "last", "less", "link", "linux32", "linux64", "linuxrc",
    "ln", "load_policy", "loadfont", "loadkmap", "logger", "login", "logname", "logread", "losetup",
    "lpd", "lpq", "lpr", "ls", "lsattr", "lsmod", "lsof", "lspci", "lsscsi", "lsusb", "lzcat",
    "lzma", "lzop", "lzopcat", "makedevs", "makemime", "man", "matchpathcon", "md5sum", "mdev",
    "mesg", "microcom", "mim", "minips", "mkdir", "mkdosfs", "mke2fs", "mkfifo", "mkfs.ext2",
    "mkfs.minix", "mkfs.reiser", "mkfs.vfat", "mknod", "mkpasswd", "mkswap", "mktemp", "modinfo",
    "modprobe", "more", "mount", "mountpoint", "mpstat", "msh", "mt", "mv", "nameif", "nanddump",
    "nandwrite", "nbd-client", "nc", "netcat", "netstat", "nice", "nl", "nmeter", "nohup",
    "nologin", "nproc", "nsenter", "nslookup", "ntpd", "nuke", "od", "openvt", "partprobe",
    "passwd", "paste", "patch", "pgrep", "pidof", "ping", "ping6", "pipe_progress", "pivot_root",
    "pkill", "pmap", "popmaildir", "poweroff", "powertop", "printenv", "printf", "ps", "pscan",
    "pstree", "pwd", "pwdx", "raidautorun", "rdate", "rdev", "readahead", "readlink", "readprofile",
    "realpath", "reboot", "reformime", "remove-shell", "renice", "reset", "resize", "restorecon",
    "resume", "rev", "rfkill", "rm", "rmdir", "rmmod", "route", "rpm", "rpm2cpio", "rtcwake",
    "run-init", "run-parts", "runcon", "runlevel", "runsv", "runsvdir", "rx", "script",
    "scriptreplay", "sed", "seedrng", "selinuxenabled", "sendmail", "seq", "sestatus", "setarch",
    "setconsole", "setenforce", "setfattr", "setfiles", "setfont", "setkeycodes", "setlogcons",
    "setpriv", "setsebool", "setserial", "setsid", "setuidgid", "sh", "sha1sum", "sha256sum",
    "sha384sum", "sha3sum", "sha512sum", "showkey", "shred", "shuf", "slattach", "sleep", "smemcap",
    "softlimit", "sort", "split", "ssl_client", "ssl_server", "start-stop-daemon", "stat",
    "strings", "stty", "su", "sulogin", "sum", "sv", "svc", "svlogd", "svok", "swapoff", "swapon",
    "switch_root", "sync", "sysctl", "syslogd", "tac", "tail", "tar", "taskset", "tc", "tcpsvd",
    "tee", "telnet", "telnetd", "test", "tftp", "tftpd", "time", "timeout", "top", "touch", "tr",
    "traceroute", "traceroute6", "tree", "true", "truncate", "ts", "tsort", "tty", "ttysize",
    "tunctl", "tune2fs", "ubiattach", "ubidetach", "ubimkvol", "ubirename", "ubirmvol", "ubirsvol",
    "ubiupdatevol", "udhcpc", "udhcpc6", "udhcpd", "udpsvd", "uevent", "umount", "uname",
    "uncompress", "unexpand", "uniq", "unit", "unix2dos", "unlink", "unlzma", "unlzop", "unshare",
    "unxz", "unzip", "uptime", "users", "usleep", "uudecode", "uuencode", "vconfig", "vi", "vlock",
    "volname", "w", "wall", "watch", "watchdog", "wc", "wget", "which", "who", "whoami", "whois",
    "xargs", "xxd", "xz", "xzcat", "yes", "zcat", "zcip",
};
static_assert(std::ranges::is_sorted(known_applets));

bool is_known(std::string_view name) {
    return std::ranges::binary_search(known_applets, name);
}

bool is_name(std::string_view token) {
    return !token.empty() && token.size() <= longest_name &&
           std::ranges::all_of(token, [](char c) { return c > ' ' && c <= '~'; });
}

/// The longest known name that the token ends with; empty when there is none.
std::string_view known_ending(std::string_view token) {
    if (token.size() > longest_name) token.remove_prefix(token.size() - longest_name);
    for (; !token.empty(); token.remove_prefix(1)) {
        if (is_known(token)) return token;
    }
    return {};
}

/// Strings that happen to follow the table, or to stand before it, can be in
/// order too; the ends of a table are names that are known. The byte before the
/// first name may belong to something else ("A["), so an unknown name in front
/// of the first known one is kept as the known name that it ends with.
void trim_ends(std::vector<std::string_view>& run) {
    while (!run.empty() && !is_known(run.back())) run.pop_back();
    auto first = std::ranges::find_if(run, is_known);
    if (first != run.begin()) {
        const auto before = std::prev(first);
        const std::string_view ending = known_ending(*before);
        if (!ending.empty() && first != run.end() && ending < *first) {
            *before = ending;
            first = before;
        }
    }
    run.erase(run.begin(), first);
}

bool is_table(const std::vector<std::string_view>& run) {
    if (run.size() < shortest_table) return false;
    const auto known = static_cast<std::size_t>(std::ranges::count_if(run, is_known));
    return known * 10 >= run.size() * 6;
}

/// Collects runs one token at a time and keeps the longest that is a table.
class TableSearch {
public:
    void add(std::string_view token) {
        if (!run_.empty() && is_name(token) && run_.back() < token) {
            run_.push_back(token);
            return;
        }
        close();
        const std::string_view start = is_name(token) ? token : known_ending(token);
        if (!start.empty()) run_.push_back(start);
    }

    [[nodiscard]] std::vector<std::string_view> finish() {
        close();
        return std::move(best_);
    }

private:
    void close() {
        trim_ends(run_);
        if (run_.size() > best_.size() && is_table(run_)) best_ = run_;
        run_.clear();
    }

    std::vector<std::string_view> run_;
    std::vector<std::string_view> best_;
};

}  // namespace

std::vector<std::string> busybox_applets(std::string_view around) {
    TableSearch search;
    while (!around.empty()) {
        const std::size_t end = around.find('\0');
        // The last token may be cut off, so it counts only when its NUL is there.
        if (end == std::string_view::npos) break;
        search.add(around.substr(0, end));
        around.remove_prefix(end + 1);
    }
    std::vector<std::string> names;
    for (const std::string_view name : search.finish()) names.emplace_back(name);
    return names;
}

NameList listed_applets(std::string_view list) {
    NameList found;
    auto& names = found.names;
    const std::size_t end = list.find('\0');
    found.cut = end == list.npos;  // it goes on out of sight
    list = list.substr(0, end);
    while (!list.empty()) {
        const std::string_view name = list.substr(0, list.find(' '));
        list.remove_prefix(std::min(name.size() + 1, list.size()));
        if (name.empty()) continue;
        found.cut = is_name(name) && (found.cut || names.size() == most_names);
        if (!is_name(name) || names.size() == most_names) break;
        names.emplace_back(name);
    }
    std::ranges::sort(names);
    return found;
}

std::vector<std::string> applet_before(std::string_view text) {
    if (text.size() > longest_name + 1) text.remove_prefix(text.size() - longest_name - 1);
    const auto slash = text.rfind('/');
    if (slash == std::string_view::npos || !is_name(text.substr(slash + 1))) return {};
    return {std::string(text.substr(slash + 1))};
}

std::vector<std::string> applet_behind(std::string_view text) {
    text = text.substr(0, longest_name + 1);
    const auto slash = text.find('/');
    if (slash == std::string_view::npos || !is_name(text.substr(0, slash))) return {};
    return {std::string(text.substr(0, slash))};
}

NameList quoted_applets(std::string_view text) {
    NameList found;
    auto& names = found.names;
    const std::size_t end_of_text = text.find('\0');
    found.cut = end_of_text == text.npos;
    text = text.substr(0, end_of_text);
    while (!text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (!line.starts_with('\'')) continue;
        line = line.substr(0, line.find(" - "));
        while (line.starts_with('\'')) {
            const std::size_t end = line.find('\'', 1);
            if (end == std::string_view::npos) break;
            const std::string_view name = line.substr(1, end - 1);
            if (names.size() == most_names) found.cut = true;
            if (!is_name(name) || names.size() == most_names) break;
            names.emplace_back(name);
            line.remove_prefix(end + 1);
            line.remove_prefix(std::min(line.find('\''), line.size()));
        }
    }
    std::ranges::sort(names);
    return found;
}

}  // namespace stratascan::program
