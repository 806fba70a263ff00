// HTTP answers of any bytes, as the client of registries and that of a container engine see
// them. The first byte picks what is asked and whether the registry's greeting is sound; the
// rest are the answers, with a line "%%" between them, where "@HOST@" is the host itself.
//
// Whatever is answered: an end within the tries that are allowed, and no error and no notice
// tells a password.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "scanner/registry/client.hpp"
#include "scanner/registry/daemon_source.hpp"
#include "scanner/registry/registry_source.hpp"
#include "scanner/source/file_blob.hpp"
#include "tests/fuzz/answering_host.hpp"

namespace {

using namespace stratascan;
using namespace stratascan::registry;

constexpr std::string_view password = "pa55-of-nobody";
constexpr std::string_view between = "\n%%\n";
constexpr std::string_view self = "@HOST@";

void require(bool holds) {
    if (!holds) __builtin_trap();
}

void keep_secret(std::string_view text) {
    require(text.find(password) == std::string_view::npos);
    require(text.find("bm9ib2R5OnBh") == std::string_view::npos);
}

template <typename T>
void look_at(const Result<T>& result) {
    if (!result) keep_secret(result.error().message());
}

/// Nobody but the host is ever asked: no name may be looked up and no other port tried.
bool leads_astray(std::string_view text) {
    for (std::size_t at = text.find_first_of("/\\"); at != std::string_view::npos;
         at = text.find_first_of("/\\", at + 1)) {
        const std::string_view rest = text.substr(at + 1);
        if (!rest.starts_with('/') && !rest.starts_with('\\')) continue;
        if (!rest.substr(1).starts_with(self)) return true;
        const std::string_view behind = rest.substr(1 + self.size());
        if (!behind.empty() && behind.front() != '/' && behind.front() != '"' &&
            behind.front() != '>' && behind.front() != '\r' && behind.front() != '\n') {
            return true;
        }
        at += 1;
    }
    return false;
}

std::deque<std::string> answers_of(std::string_view text, const std::string& host) {
    std::deque<std::string> answers;
    while (!text.empty() && answers.size() < 12) {
        const std::size_t end = std::min(text.find(between), text.size());
        std::string answer(text.substr(0, end));
        for (std::size_t at = answer.find(self); at != std::string::npos;
             at = answer.find(self, at + host.size())) {
            answer.replace(at, self.size(), host);
        }
        answers.push_back(std::move(answer));
        text.remove_prefix(std::min(text.size(), end + between.size()));
    }
    return answers;
}

void read(source::ImageSource& image) {
    if (image.is_stream()) {
        look_at(image.stream([](const std::string&, source::BlobReader& blob) -> Result<void> {
            static_cast<void>(source::read_whole(blob, 1 << 20));
            return {};
        }));
    }
    const auto images = image.images();
    look_at(images);
    if (!images || image.is_stream()) return;
    for (const source::ImageRef& one : *images) {
        for (const Gap& gap : one.gaps) keep_secret(gap.reason);
        for (const source::LayerRef& layer : one.layers) {
            auto reader = image.open(layer);
            look_at(reader);
            if (reader) look_at(source::read_whole(**reader, 1 << 20));
        }
    }
}

ClientSettings settings_for(const test::AnsweringHost& host) {
    static const std::string file = host.write(
        "auth.json", R"({"auths":{")" + host.name() + R"(":{"username":"nobody","password":")" +
                         std::string(password) + R"("}}})");
    ClientSettings settings;
    settings.credentials.auth_file = file;
    settings.timeouts = {std::chrono::seconds(2), std::chrono::seconds(2), std::chrono::seconds(4)};
    using std::chrono::milliseconds;
    settings.hosts.retries.tries = 2;
    settings.hosts.retries.first_wait = settings.hosts.retries.longest_backoff = milliseconds(1);
    settings.hosts.retries.least_named = settings.hosts.retries.longest_named = milliseconds(1);
    settings.hosts.retries.least_spread = settings.hosts.retries.longest_spread = milliseconds(1);
    settings.foreign_layers = true;
    settings.blob_buffer_bytes = 64 << 10;
    settings.warnings = [](const std::string&, const std::string& text) { keep_secret(text); };
    settings.notices = settings.warnings;
    return settings;
}

void ask_registry(const test::AnsweringHost& host, unsigned what) {
    const auto client = Client::create(settings_for(host));
    require(client.has_value());
    const auto reference = parse_reference(host.name() + "/a/b:1");
    require(reference.has_value());
    const Repository& repository = reference->repository;
    const std::string digest = "sha256:" + std::string(64, '0');
    std::size_t pages = 0;
    const auto page = [&](const std::vector<std::string>&) { return ++pages < 8; };
    switch (what % 7) {
        case 0: look_at((*client)->head(*reference)); break;
        case 1: look_at((*client)->manifest(*reference)); break;
        case 2: look_at((*client)->tags(repository, page)); break;
        case 3: look_at((*client)->catalog(host.name(), page)); break;
        case 4:
            look_at((*client)->referrers(repository, digest,
                                         [&](const auto&) { return ++pages < 8; }));
            break;
        case 5: {
            const auto blob = (*client)->open_blob(repository, digest, 1000);
            const auto bytes = source::read_whole(*blob, 1 << 20);
            look_at(bytes);
            if (bytes) require(bytes->size() <= 1000);
            break;
        }
        default: {
            const auto image = open_registry_image(**client, *reference, {{*reference, false}}, {});
            read(*image);
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static test::AnsweringHost host;
    // An address that was written in a way that leads_astray() does not know ends there.
    static const int closed = ::setenv("http_proxy", "http://127.0.0.1:1", 1) |
                              ::setenv("https_proxy", "http://127.0.0.1:1", 1) |
                              ::setenv("no_proxy", "127.0.0.1,localhost", 1);
    require(closed == 0);
    if (size < 2 || size > (64U << 10)) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (leads_astray(text)) return 0;
    host.answer_with(answers_of(text, host.name()), data[0] < 128);
    if (data[0] % 8 == 7) {
        ::setenv("DOCKER_HOST", ("unix://" + host.path()).c_str(), 1);
        const auto image = open_daemon_image("a/b:1", {}, {}, 2);
        look_at(image);
        if (image) read(**image);
    } else {
        ask_registry(host, data[0] % 8);
    }
    return 0;
}
