// What is known of each host that is talked to: how to reach it, what it wants to
// be shown, when it may be asked again.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "scanner/registry/headers.hpp"
#include "scanner/registry/host_gate.hpp"
#include "scanner/registry/http.hpp"
#include "scanner/registry/url.hpp"

namespace stratascan::registry {

/// How a registry is reached, once that is known.
struct Endpoint {
    Url base;  ///< scheme, host and port
    std::shared_ptr<const TlsSettings> tls;
    Network network = Network::open;  ///< that it answered from
};

/// One registry. Thread-safe by `mutex` where it says so.
struct Host {
    Host(std::string host_name, const RetryPolicy& policy)
        : name(std::move(host_name)), gate(policy) {}

    const std::string name;  ///< "host" or "host:port"
    HostGate gate;
    std::mutex mutex;
    std::optional<Endpoint> endpoint;                ///< guarded
    std::optional<std::vector<Challenge>> challenges;  ///< guarded; what it last asked for
};

struct HostSettings {
    std::set<std::string> insecure;   ///< certificates are not checked, plain HTTP will do
    std::string certificates;         ///< a folder of *.crt, *.cert and *.key, for every host
    RetryPolicy retries;
};

class Hosts {
public:
    explicit Hosts(HostSettings settings) : settings_(std::move(settings)) {}

    /// Made when first asked for; stays.
    [[nodiscard]] Host& get(const std::string& name);

    [[nodiscard]] bool is_insecure(const std::string& name);
    /// Before the host is first asked.
    void add_insecure(const std::string& name);
    /// Certificates for "host" or "host:port".
    [[nodiscard]] std::shared_ptr<const TlsSettings> tls_for(const std::string& name);

private:
    HostSettings settings_;
    std::mutex mutex_;
    std::map<std::string, std::unique_ptr<Host>> hosts_;
    std::map<std::string, std::shared_ptr<const TlsSettings>> tls_;
};

/// What a folder of certificates for one host holds: *.crt are authorities,
/// *.cert with the *.key of the same name is the client's own
/// (containers-certs.d(5), docker's certs.d). Of more than 256 files the first by name.
[[nodiscard]] TlsSettings read_certificate_folder(const std::string& folder);

}  // namespace stratascan::registry
