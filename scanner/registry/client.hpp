// A client of the distribution API (OCI distribution specification 1.1), as far
// as reading goes. All calls wait for the network, so they are made on threads
// that don't scan; all are thread-safe.
//
//     auto client = Client::create({});
//     auto head = (*client)->head(*parse_reference("registry.example/app:1"));
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "scanner/registry/credentials.hpp"
#include "scanner/registry/embedded.hpp"
#include "scanner/registry/exchange.hpp"
#include "scanner/registry/hosts.hpp"
#include "scanner/registry/http.hpp"
#include "scanner/registry/reference.hpp"
#include "scanner/source/blob.hpp"
#include "scanner/source/oci_json.hpp"

namespace stratascan::registry {

struct ClientSettings {
    CredentialSettings credentials;
    HostSettings hosts;
    HttpTimeouts timeouts;
    WarningSink warnings;                          ///< may be empty
    NoticeSink notices;                            ///< may be empty
    bool foreign_layers = false;  ///< may be fetched from where a manifest says they are
    std::size_t blob_buffer_bytes = std::size_t{1} << 20;  ///< of each blob that is open
};

/// What a HEAD tells of a manifest.
struct ManifestHead {
    std::string digest;      ///< as the registry claims; empty: it does not say
    std::string media_type;  ///< without parameters
    std::int64_t size = -1;
};

struct Manifest {
    std::string bytes;
    std::string digest;      ///< of the bytes; of the payload, where they are a signed schema 1
    std::string media_type;  ///< as the registry said, without parameters
    std::vector<std::string> problems;  ///< what does not fit together; each a gap
};

/// What a list ended with.
struct ListEnd {
    bool complete = true;
    std::string reason;  ///< why it is not
    std::uint64_t pages = 0;
};

class Client {
public:
    /// Errors: a file of credentials that was named and can't be read.
    [[nodiscard]] static Result<std::unique_ptr<Client>> create(ClientSettings settings);
    ~Client();

    /// Ends all that waits, with `cancelled`, for good.
    void cancel();

    /// Any certificate, or none, will do for this registry. Before it is first asked.
    void allow_insecure(const std::string& registry) { hosts_.add_insecure(registry); }

    /// `not_found` where there is none. Costs no pull at Docker Hub.
    [[nodiscard]] Result<ManifestHead> head(const Reference& reference);

    /// Checked against its digest where the reference or the registry names one:
    /// what does not fit is a `digest_mismatch` in the first case and a problem in
    /// the second.
    [[nodiscard]] Result<Manifest> manifest(const Reference& reference);

    /// A small blob, as a config; `over_limit` beyond 4 MiB. Its digest is not checked.
    [[nodiscard]] Result<std::string> small_blob(const Repository& repository,
                                                 const std::string& digest);

    /// A manifest that was fetched some time ago: blobs that it brings along need not be
    /// fetched. Those of manifest() are known.
    void note_manifest(std::string_view bytes) { embedded_.note(bytes); }

    /// Whether the registry holds the blob itself.
    [[nodiscard]] Result<bool> has_blob(const Repository& repository, const std::string& digest);

    /// Whether a blob that by its descriptor is held elsewhere can be had: from the
    /// registry, or, where the settings allow it, from one of `urls`. Then open_blob asks
    /// there, without any credentials and as careful as with a redirect.
    [[nodiscard]] bool can_fetch(const Repository& repository, const std::string& digest,
                                 const std::vector<std::string>& urls);

    /// Begins to fetch a blob and returns at once. The reader gives its bytes while
    /// they arrive; where they break off the fetch goes on from there. `size` (-1: not
    /// known) is the most that is read. A digest is the reader's user's to check.
    /// The client must outlive the reader.
    [[nodiscard]] std::unique_ptr<source::BlobReader> open_blob(const Repository& repository,
                                                                const std::string& digest,
                                                                std::int64_t size);

    /// Calls `visit` with each page, in the registry's order; of a long one with a thousand names
    /// at a time. False ends the list.
    using Page = std::function<bool(std::vector<std::string> names)>;
    [[nodiscard]] Result<ListEnd> tags(const Repository& repository, const Page& visit);
    /// The repositories that the registry lists (`_catalog`, which is not in the OCI
    /// specification): `unsupported` or `unauthorized` where it does not.
    [[nodiscard]] Result<ListEnd> catalog(const std::string& registry, const Page& visit,
                                          const std::string& path = "/v2/_catalog");

    /// What refers to a manifest, by the referrers API, in pages as above. `unsupported` where
    /// the registry has none; then see the tag "sha256-<hex>".
    using Descriptors = std::function<bool(std::vector<source::Descriptor> page)>;
    [[nodiscard]] Result<ListEnd> referrers(const Repository& repository,
                                            const std::string& digest, const Descriptors& visit);

    /// GET of an API beside the distribution API, as those that list repositories. The
    /// credentials for `registry` go along, if there are any: as Basic, or the password
    /// alone as a bearer token. The body is at most 4 MiB; no redirect is followed.
    enum class ApiCredentials : std::uint8_t { basic, bearer };
    [[nodiscard]] Result<HttpResponse> api(const Url& url, const std::string& registry,
                                           ApiCredentials how, const std::string& what);

    /// POST to such an API; `headers` gives what goes along, anew for each try.
    [[nodiscard]] Result<HttpResponse> post_api(
        const Url& url, const std::function<std::vector<std::string>()>& headers,
        const std::string& body, const std::string& what);

    /// Requests so far, those for tokens included.
    [[nodiscard]] std::uint64_t requests() const noexcept;

private:
    explicit Client(ClientSettings settings);

    [[nodiscard]] Result<HttpResponse> ask_api(
        HttpRequest request, const std::function<std::vector<std::string>()>& headers,
        const std::string& what);
    [[nodiscard]] Result<ListEnd> list(const std::string& registry, Question question,
                                       const char* member, const Page& visit);
    /// Whether the list goes on behind the answer to a question for a page of it.
    using Answer = std::function<Result<bool>(const HttpResponse& answer)>;
    [[nodiscard]] Result<ListEnd> pages(Host& host, Question question, std::uint64_t most,
                                        const Answer& take);

    ClientSettings settings_;
    std::stop_source stop_;
    HttpTransport transport_;
    Hosts hosts_;
    CredentialStore credentials_;
    Authorizer authorizer_;
    Exchanger exchanger_;
    EmbeddedBlobs embedded_;
    std::mutex mutex_;
    std::map<std::string, std::vector<std::string>> elsewhere_;  ///< by repository@digest
};

/// Calls `visit` with the names of a page of a list, {"tags": […]} or null, {"repositories": […]},
/// once at least. False where it says so.
[[nodiscard]] Result<bool> visit_names(std::string_view body, const char* member,
                                       const Client::Page& visit);

}  // namespace stratascan::registry
