#include "scanner/registry/daemon_source.hpp"

#include <algorithm>
#include <cstdlib>

#include "scanner/registry/blob_fetch.hpp"
#include "scanner/registry/http.hpp"
#include "scanner/source/stream_archive.hpp"

namespace stratascan::registry {

namespace {

constexpr std::string_view usual_socket = "/var/run/docker.sock";
constexpr std::size_t buffer_bytes = std::size_t{1} << 20;

/// The connection lives as long as what is read from it.
class DaemonImage final : public source::ImageSource {
public:
    DaemonImage(std::unique_ptr<HttpTransport> transport,
                std::unique_ptr<source::ImageSource> archive)
        : transport_(std::move(transport)), archive_(std::move(archive)) {}

    bool is_stream() const noexcept override { return true; }
    Result<void> stream(const source::BlobVisitor& visit) override {
        return archive_->stream(visit);
    }
    Result<std::vector<source::ImageRef>> images() override { return archive_->images(); }

private:
    std::unique_ptr<HttpTransport> transport_;
    std::unique_ptr<source::ImageSource> archive_;
};

HttpRequest engine_request(const std::string& socket, const std::string& path) {
    HttpRequest request;
    request.unix_socket = socket;
    request.url = {"http", "localhost", "80", path};
    return request;
}

}  // namespace

Result<std::string> engine_socket() {
    const char* const host = std::getenv("DOCKER_HOST");
    if (host == nullptr || *host == '\0') return std::string(usual_socket);
    constexpr std::string_view scheme = "unix://";
    const std::string_view text = host;
    if (text.starts_with(scheme) && text.size() > scheme.size()) {
        return std::string(text.substr(scheme.size()));
    }
    return fail(ErrorCode::unsupported, "an engine is reached by its unix socket only",
                "DOCKER_HOST", "pipe the image in: docker save IMAGE | stratascan scan -");
}

Result<std::unique_ptr<source::ImageSource>> open_daemon_image(const std::string& name,
                                                               source::Selection selection,
                                                               const source::StreamLimits& limits,
                                                               unsigned stall_seconds) {
    const bool plain = !name.empty() && name.size() <= 512 && std::ranges::all_of(name, [](char c) {
        return static_cast<unsigned char>(c) > ' ' && static_cast<unsigned char>(c) < 0x7f;
    });
    if (!plain) return fail(ErrorCode::invalid_argument, "no name of an image", name);
    auto socket = engine_socket();
    if (!socket) return std::unexpected(socket.error());
    HttpTimeouts timeouts;
    timeouts.stall = std::chrono::seconds(std::max(1U, stall_seconds));
    auto transport = std::make_unique<HttpTransport>(timeouts);
    // Whether the image is there is asked first: a stream has no good place for "no".
    const std::string image = "/images/" + percent_encode(name);
    HttpRequest ask = engine_request(*socket, image + "/json");
    const HttpResponse found = transport->perform(ask, {});
    if (found.status == 0) {
        return fail(ErrorCode::unreachable, "no container engine answers at " + *socket, name,
                    "is it running, and may you use its socket? DOCKER_HOST names another");
    }
    if (found.status == 404) {
        return fail(ErrorCode::not_found, "the container engine has no such image", name,
                    "registry: reads it from a registry");
    }
    if (found.status != 200 && found.failure == HttpFailure::none) {
        return fail(ErrorCode::unreachable,
                    "the container engine answered with " + std::to_string(found.status), name);
    }
    auto body = open_streamed_body(*transport, engine_request(*socket, image + "/get"),
                                   "the engine's archive of " + name, buffer_bytes);
    auto archive = source::open_stream(std::move(body), "docker-daemon:" + name,
                                       source::StreamForm::archive, std::move(selection), limits);
    return std::make_unique<DaemonImage>(std::move(transport), std::move(archive));
}

}  // namespace stratascan::registry
