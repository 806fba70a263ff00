// The public way in: make a Scanner once, scan targets with it as often as you
// like, get a Report.
//
//     auto scanner = stratascan::Scanner::create({});
//     if (!scanner) return complain(scanner.error().message());
//     auto report = (*scanner)->scan({"image.tar"});
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "stratascan/error.hpp"
#include "stratascan/report.hpp"

namespace stratascan {

/// Everything a caller may choose. Nothing here changes what a rule finds in
/// given bytes, save `rule_files`, `limits` and the parts switched off by name.
struct Options {
    /// Threads that scan; 0: one a processor.
    unsigned jobs = 0;
    /// Ceiling of the process's resident memory, in bytes.
    std::uint64_t memory_bytes = std::uint64_t{512} << 20;
    /// Extra rules (TOML); compiled at start and cached.
    std::vector<std::string> rule_files;
    /// Key of the HMAC that names secrets: at least 16 bytes. Empty: the key
    /// at the default place is read, or made there with mode 0600.
    std::string key_file;
    /// A file that keeps layers' results, images and their tags; made where there is none.
    /// Layers whose result it has are not scanned again. Empty: none. When it can't be
    /// used the scan goes on without, and store_notes() says why. With `show_secrets` it
    /// is left alone.
    std::string store_path;
    /// "os/arch[/variant]"; empty: all platforms of an index.
    std::string platform;
    bool secrets = true;
    bool programs = true;
    /// Keep in TargetReport::facts what policies ask for.
    bool facts = false;
    /// Put secrets in the clear into Finding::clear_text.
    bool show_secrets = false;

    /// Threads that scan give up what they do not need of the kernel (seccomp). `required`:
    /// a scan without that is an error.
    enum class SandboxMode : std::uint8_t { automatic, required, off };
    SandboxMode sandbox = SandboxMode::automatic;

    /// How registries are spoken to. Passwords come from credential files and helpers,
    /// as Docker and Podman keep them, or from here; none is ever in a report.
    struct Registries {
        std::string auth_file;              ///< then no other file of credentials is read
        std::string user, password;         ///< for every registry
        std::vector<std::string> insecure;  ///< "host[:port]": plain HTTP, or any certificate
        std::string certificates;           ///< a folder of *.crt, *.cert and *.key
        /// Without a byte, or of a layer slower than 4 KiB/s: then a connection is given up.
        unsigned stall_seconds = 60;
        unsigned tries = 6;                 ///< of a request that fails
        double requests_per_second = 0;     ///< to one host; 0: no limit
        /// Fetch layers that a manifest says are held elsewhere ("urls") from there.
        bool foreign_layers = false;
    } registries;

    /// Limits that no honest image meets. Reaching one is a gap, never silent.
    struct Limits {
        std::uint64_t output_bytes = std::uint64_t{1} << 40;  ///< a layer, uncompressed
        /// Output to input, judged past 16 GiB of a layer's output, and past 1 GiB of
        /// that of containers in it.
        std::uint64_t ratio = 2000;
        std::uint64_t members = 8'000'000;  ///< of a layer's tar, and in its containers
        std::uint64_t findings_a_file = 10'000;
        unsigned depth = 5;  ///< of containers in containers
        /// Of a member's path or a link's target; what is longer is told cut, with a
        /// hash of the whole. Linux takes no more.
        std::uint64_t path_bytes = 4096;
        /// Of the extended headers of one member of a tar. Longer than 1 MiB is
        /// damage, whatever is allowed here.
        std::uint64_t header_bytes = std::uint64_t{1} << 20;
        /// Candidates of a file that goes on behind its first window, in the order of
        /// the file, that are held against their rules: what bounds the time that a
        /// file takes, and is the same on every machine.
        std::uint64_t looks_a_file = 10'000'000;
        /// Of a processor, for a file that goes on behind its first window: a last resort,
        /// the one limit that depends on the machine.
        double seconds_a_file = 3600;
    } limits;
};

/// Told about progress from any thread; must return at once and not throw.
class Progress {
public:
    virtual ~Progress() = default;
    virtual void layers_planned(std::size_t layers, std::uint64_t compressed_bytes) = 0;
    virtual void bytes_read(std::uint64_t compressed_bytes) = 0;
    virtual void layer_done(std::size_t findings) = 0;
};

/// Counters of a scan, for `--stats` and the benchmarks. Times are the sum over
/// threads, in nanoseconds.
struct Stats {
    std::uint64_t layers = 0, files = 0;
    std::uint64_t stored_layers = 0;  ///< whose result the store had; not in the other counts
    std::uint64_t compressed_bytes = 0, bytes = 0;
    std::uint64_t read_ns = 0, hash_ns = 0, decode_ns = 0, scan_ns = 0, confirm_ns = 0;
    std::uint64_t windows = 0, sieved_bytes = 0, engine_bytes = 0;
    std::uint64_t raw_hits = 0, confirmed = 0;
    /// Candidates that became no finding, by the reason; the same for any number of
    /// threads.
    std::map<std::string, std::uint64_t> dropped;
    std::uint64_t start_ns = 0, total_ns = 0;
    std::uint64_t peak_rss_bytes = 0;
    std::string gzip_decoder, engine_level;
    std::string sandbox;  ///< "on", or "off: " and why
};

class Scanner {
public:
    virtual ~Scanner() = default;

    /// Loads rules and key, builds the databases, checks the engine.
    [[nodiscard]] static Result<std::unique_ptr<Scanner>> create(const Options& options);

    /// Scans every target and joins the results, in the order given. An Error means that
    /// no target could be read; one of several that can't be is in the report, with the
    /// kind "unread" and its reason as a gap. Thread-safe against request_stop on `stop` only.
    [[nodiscard]] virtual Result<Report> scan(std::span<const std::string> targets,
                                              Progress* progress = nullptr,
                                              std::stop_token stop = {}) = 0;

    [[nodiscard]] virtual const Stats& stats() const noexcept = 0;

    /// One line each: of rules that can't be carried over; after a scan, of registries.
    [[nodiscard]] virtual const std::vector<std::string>& notes() const noexcept = 0;

    /// Why the store could not be used, or not for all; after scan().
    [[nodiscard]] virtual const std::vector<std::string>& store_notes() const noexcept = 0;
};

/// 0 complete and clean, 1 findings that are not suppressed, 2 nothing found but incomplete.
[[nodiscard]] int exit_code(const Report& report) noexcept;

[[nodiscard]] const char* version() noexcept;

}  // namespace stratascan
