#include "scanner/registry/client.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "scanner/registry/blob_fetch.hpp"
#include "scanner/source/digest.hpp"
#include "scanner/source/file_blob.hpp"
#include "scanner/source/json_document.hpp"
#include "scanner/source/schema1.hpp"

namespace stratascan::registry {

namespace {

constexpr std::size_t max_document_bytes = std::size_t{4} << 20;
constexpr std::uint64_t max_pages = 100'000;

// A registry that is not told of a form may rewrite the manifest to one that it
// was told of, and then it is another manifest.
constexpr const char* accept_manifests =
    "Accept: application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.oci.artifact.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.v1+prettyjws, "
    "application/vnd.docker.distribution.manifest.v1+json, application/json, */*";

Access pull(const Repository& repository) {
    return {repository, "repository:" + repository.name + ":pull"};
}

std::string api_path(const Repository& repository, const char* kind, const std::string& what) {
    std::string path = "/v2/" + repository.name + '/' + kind + '/' + what;
    if (!repository.stands_for.empty()) {
        path += path.find('?') == std::string::npos ? '?' : '&';
        path += "ns=" + percent_encode(repository.stands_for);
    }
    return path;
}

/// A body may contradict the header: each tool believes another of them.
void check_media_type(Manifest& manifest) {
    const auto parsed = source::parse_json(manifest.bytes);
    if (!parsed) return;
    const std::string inner = source::text_member(*parsed, "mediaType");
    const bool vague = manifest.media_type.empty() || manifest.media_type == "application/json" ||
                       manifest.media_type == "text/plain" ||
                       manifest.media_type == "application/octet-stream";
    if (!inner.empty() && !vague && inner != manifest.media_type) {
        manifest.problems.emplace_back(
            "the registry's Content-Type and the manifest's mediaType differ");
    }
}

}  // namespace

Result<bool> visit_names(std::string_view body, const char* member, const Client::Page& visit) {
    constexpr std::size_t at_once = 1000;
    std::vector<std::string> names;
    bool more = true;
    const auto visited = source::each_text(body, member, [&](std::string&& name) {
        names.push_back(std::move(name));
        if (names.size() < at_once) return true;
        return more = visit(std::exchange(names, {}));
    });
    if (!visited) return std::unexpected(visited.error());
    return more && visit(std::move(names));
}

Client::Client(ClientSettings settings)
    : settings_(std::move(settings)), transport_(settings_.timeouts), hosts_(settings_.hosts),
      credentials_(settings_.credentials), authorizer_(transport_, hosts_, credentials_),
      exchanger_(transport_, hosts_, authorizer_, settings_.hosts.retries, settings_.warnings,
                 settings_.notices) {}

Client::~Client() { cancel(); }

Result<std::unique_ptr<Client>> Client::create(ClientSettings settings) {
    std::unique_ptr<Client> client(new Client(std::move(settings)));
    if (auto checked = client->credentials_.check(); !checked) {
        return std::unexpected(checked.error());
    }
    return client;
}

void Client::cancel() { stop_.request_stop(); }

std::uint64_t Client::requests() const noexcept { return transport_.requests(); }

Result<ManifestHead> Client::head(const Reference& reference) {
    Host& host = hosts_.get(reference.repository.registry);
    Question question;
    question.method = HttpRequest::Method::head;
    question.path = api_path(reference.repository, "manifests", reference.selector());
    question.access = pull(reference.repository);
    question.headers = {accept_manifests};
    question.what = reference.text();
    auto response = exchanger_.ask(host, question, stop_.get_token());
    if (!response) return std::unexpected(response.error());
    if (!response->ok()) return std::unexpected(exchanger_.error_of(*response, question.what, host));
    ManifestHead head;
    const std::string& digest = response->headers.get("docker-content-digest");
    if (source::parse_digest(digest)) head.digest = digest;
    head.media_type = bare_media_type(response->headers.get("content-type"));
    const auto size = parse_number(response->headers.get("content-length"));
    if (size && *size <= max_document_bytes) head.size = static_cast<std::int64_t>(*size);
    return head;
}

Result<Manifest> Client::manifest(const Reference& reference) {
    Host& host = hosts_.get(reference.repository.registry);
    Question question;
    question.path = api_path(reference.repository, "manifests", reference.selector());
    question.access = pull(reference.repository);
    question.headers = {accept_manifests};
    question.body_limit = max_document_bytes;
    question.what = reference.text();
    auto response = exchanger_.ask(host, question, stop_.get_token());
    if (!response) return std::unexpected(response.error());
    if (!response->ok()) return std::unexpected(exchanger_.error_of(*response, question.what, host));
    Manifest manifest;
    manifest.bytes = std::move(response->body);
    manifest.media_type = bare_media_type(response->headers.get("content-type"));
    const std::string& claimed = response->headers.get("docker-content-digest");
    const auto wanted = source::parse_digest(reference.digest.empty() ? claimed : reference.digest);
    const std::string algorithm = wanted ? wanted->algorithm : "sha256";
    manifest.digest = source::compute_digest(algorithm, manifest.bytes);
    if (!wanted || manifest.digest != wanted->text()) {
        if (const auto payload = source::schema1_payload(manifest.bytes)) {
            manifest.digest = source::compute_digest(algorithm, *payload);
        }
    }
    if (!reference.digest.empty() && manifest.digest != reference.digest) {
        return fail(ErrorCode::digest_mismatch, "the manifest is not what its digest says",
                    question.what);
    }
    if (source::parse_digest(claimed) && wanted && wanted->text() == claimed &&
        claimed != manifest.digest) {
        manifest.problems.emplace_back("Docker-Content-Digest is not the manifest's digest");
    }
    check_media_type(manifest);
    embedded_.note(manifest.bytes);
    return manifest;
}

Result<std::string> Client::small_blob(const Repository& repository, const std::string& digest) {
    if (auto embedded = embedded_.find(digest)) return *std::move(embedded);
    Host& host = hosts_.get(repository.registry);
    Question question;
    question.path = api_path(repository, "blobs", digest);
    question.access = pull(repository);
    question.body_limit = max_document_bytes;
    question.what = "blob " + digest;
    auto response = exchanger_.ask(host, question, stop_.get_token());
    if (!response) return std::unexpected(response.error());
    if (!response->ok()) return std::unexpected(exchanger_.error_of(*response, question.what, host));
    return std::move(response->body);
}

Result<bool> Client::has_blob(const Repository& repository, const std::string& digest) {
    Host& host = hosts_.get(repository.registry);
    Question question;
    question.method = HttpRequest::Method::head;
    question.path = api_path(repository, "blobs", digest);
    question.access = pull(repository);
    question.what = "blob " + digest;
    auto response = exchanger_.ask(host, question, stop_.get_token());
    if (!response) return std::unexpected(response.error());
    return response->ok();
}

bool Client::can_fetch(const Repository& repository, const std::string& digest,
                       const std::vector<std::string>& urls) {
    constexpr std::size_t most = 100'000;  // blobs that are held elsewhere
    const auto there = has_blob(repository, digest);
    if (there && *there) return true;
    if (!settings_.foreign_layers || urls.empty()) return false;
    // What one repository's manifests say of a blob holds for no other's.
    const std::string name = repository.text() + '@' + digest;
    const std::scoped_lock lock(mutex_);
    if (elsewhere_.size() >= most && !elsewhere_.contains(name)) return false;
    elsewhere_.try_emplace(name, urls);
    return true;
}

std::unique_ptr<source::BlobReader> Client::open_blob(const Repository& repository,
                                                      const std::string& digest,
                                                      std::int64_t size) {
    if (auto embedded = embedded_.find(digest)) {
        return source::open_memory_blob(*std::move(embedded));
    }
    Question question;
    question.path = api_path(repository, "blobs", digest);
    question.access = pull(repository);
    question.what = "blob " + digest;
    {
        const std::scoped_lock lock(mutex_);
        const auto found = elsewhere_.find(repository.text() + '@' + digest);
        if (found != elsewhere_.end()) question.elsewhere = found->second;
    }
    // A small blob takes no more memory than it has bytes.
    const std::size_t buffer =
        size > 0 ? static_cast<std::size_t>(
                       std::min<std::uint64_t>(static_cast<std::uint64_t>(size),
                                               settings_.blob_buffer_bytes))
                 : settings_.blob_buffer_bytes;
    return open_fetched_blob({exchanger_, transport_, hosts_.get(repository.registry),
                              stop_.get_token(), settings_.hosts.retries,
                              buffer},
                             std::move(question), size);
}

/// Pages follow each other by Link alone, whose target is the registry's own and
/// opaque; a page that came before ends the list. Of what came before there are hashes only: a
/// registry may make its links as long as it likes.
Result<ListEnd> Client::pages(Host& host, Question question, std::uint64_t most,
                              const Answer& take) {
    ListEnd end;
    std::set<std::size_t> seen;
    question.body_limit = max_document_bytes;
    const auto endpoint = exchanger_.connect(host, stop_.get_token());
    if (!endpoint) return std::unexpected(endpoint.error());
    auto url = resolve_url(endpoint->base, question.path);
    const auto stop_short = [&](std::string reason) {
        end.complete = false;
        end.reason = std::move(reason);
        return end;
    };
    while (url) {
        question.path = url->text();
        if (!seen.insert(std::hash<std::string>()(question.path)).second) {
            return stop_short("a page of the list comes again");
        }
        if (end.pages == most) return stop_short("the list does not end");
        const auto response = exchanger_.ask(host, question, stop_.get_token());
        const auto taken = response ? take(*response) : std::unexpected(response.error());
        if (!taken) {
            if (end.pages == 0) return std::unexpected(taken.error());
            return stop_short(taken.error().message());
        }
        ++end.pages;
        if (!*taken) return stop_short("as many as were asked for");
        std::optional<std::string> next;
        for (const std::string& field : response->headers.all("link")) {
            if (!next) next = parse_next_link(field);
        }
        if (!next) return end;
        url = resolve_url(*url, *next);
        if (url && !url->same_origin(endpoint->base)) {
            return stop_short("the next page is on another host");
        }
    }
    return stop_short("the next page has a malformed URL");
}

Result<ListEnd> Client::list(const std::string& registry, Question question, const char* member,
                             const Page& visit) {
    Host& host = hosts_.get(registry);
    const std::string what = question.what;
    return pages(host, std::move(question), max_pages,
                 [&](const HttpResponse& answer) -> Result<bool> {
                     if (!answer.ok()) {
                         return std::unexpected(exchanger_.error_of(answer, what, host));
                     }
                     auto more = visit_names(answer.body, member, visit);
                     if (more) return more;
                     return fail(more.error().code, what + ": " + more.error().what, registry);
                 });
}

Result<ListEnd> Client::tags(const Repository& repository, const Page& visit) {
    Question question;
    question.path = api_path(repository, "tags", "list?n=1000");
    question.access = pull(repository);
    question.what = "the tags of " + repository.text();
    return list(repository.registry, std::move(question), "tags", visit);
}

Result<ListEnd> Client::catalog(const std::string& registry, const Page& visit,
                                const std::string& path) {
    Question question;
    question.path = path + "?n=1000";
    question.access = {{registry, {}}, "registry:catalog:*"};
    question.what = "the list of repositories";
    return list(registry, std::move(question), "repositories", visit);
}

Result<ListEnd> Client::referrers(const Repository& repository, const std::string& digest,
                                  const Descriptors& visit) {
    constexpr std::uint64_t most_pages = 100;
    Host& host = hosts_.get(repository.registry);
    Question question;
    question.path = api_path(repository, "referrers", digest);
    question.access = pull(repository);
    question.headers = {"Accept: application/vnd.oci.image.index.v1+json"};
    question.what = "what refers to " + digest;
    bool cut = false;
    auto end = pages(host, std::move(question), most_pages,
                     [&](const HttpResponse& answer) -> Result<bool> {
        const bool index = bare_media_type(answer.headers.get("content-type")) ==
                           "application/vnd.oci.image.index.v1+json";
        if (!answer.ok() || !index) {
            return fail(ErrorCode::unsupported, "the registry has no referrers API", host.name);
        }
        auto document = source::parse_oci_document(answer.body);
        if (!document) return std::unexpected(document.error());
        cut = cut || document->manifests.size() == source::max_list_items;
        return visit(std::move(document->manifests));
    });
    if (end && end->complete && cut) {
        end->complete = false;
        end->reason = "a page of the list is longer than is read";
    }
    return end;
}

namespace {

/// RFC 6750, section 2.1. The key file that is the password of Google's user _json_key is none:
/// it is no business of the service that lists.
bool is_bearer_token(std::string_view text) noexcept {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("-._~+/=").find(c) != std::string_view::npos;
    });
}

}  // namespace

Result<HttpResponse> Client::api(const Url& url, const std::string& registry, ApiCredentials how,
                                 const std::string& what) {
    const auto credentials = credentials_.find({registry, {}});
    HttpRequest request;
    request.url = url;
    std::vector<std::string> headers = {"Accept: application/json"};
    if (credentials && !credentials->password.empty()) {
        if (how == ApiCredentials::basic) {
            headers.push_back("Authorization: " + basic_authorization(*credentials));
        } else if (is_bearer_token(credentials->password)) {
            headers.push_back("Authorization: Bearer " + credentials->password);
        }
    }
    return ask_api(std::move(request), [&] { return headers; }, what);
}

Result<HttpResponse> Client::post_api(const Url& url,
                                      const std::function<std::vector<std::string>()>& headers,
                                      const std::string& body, const std::string& what) {
    HttpRequest request;
    request.method = HttpRequest::Method::post;
    request.url = url;
    request.body = body;
    return ask_api(std::move(request), headers, what);
}

Result<HttpResponse> Client::ask_api(HttpRequest request,
                                     const std::function<std::vector<std::string>()>& headers,
                                     const std::string& what) {
    const std::string name = host_and_port(request.url);
    Host& host = hosts_.get(name);
    request.tls = hosts_.tls_for(name);
    request.body_limit = max_document_bytes;
    for (unsigned attempt = 0;; ++attempt) {
        if (!host.gate.pass(stop_.get_token())) return fail(ErrorCode::cancelled, "stopped", name);
        request.headers = headers();
        HttpResponse response = transport_.perform(request, stop_.get_token());
        if (response.ok()) return response;
        // Amazon's services say that with a status of 400.
        const bool throttled = response.status == 400 &&
                               response.body.find("ThrottlingException") != std::string::npos;
        const bool again =
            (response.status == 429 || response.status >= 500 || throttled ||
             response.failure == HttpFailure::broken) &&
            attempt + 1 < settings_.hosts.retries.tries &&
            host.gate.refused(parse_retry_after(response.headers.get("retry-after"),
                                                std::chrono::system_clock::now()),
                              attempt);
        if (!again) return std::unexpected(exchanger_.error_of(response, what, host));
    }
}

}  // namespace stratascan::registry
