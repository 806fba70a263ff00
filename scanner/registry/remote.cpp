#include "scanner/registry/remote.hpp"

#include <algorithm>

#include "scanner/registry/daemon_source.hpp"
#include "scanner/registry/registry_source.hpp"

namespace stratascan::registry {

Result<Client*> Remote::client() {
    const std::scoped_lock lock(mutex_);
    if (client_ != nullptr) return client_.get();
    auto conf = RegistriesConf::load();
    if (!conf) return std::unexpected(conf.error());
    ClientSettings settings;
    if (conf->helpers()) settings.credentials.helpers = *conf->helpers();
    settings.credentials.auth_file = options_.auth_file;
    settings.credentials.user = options_.user;
    settings.credentials.password = options_.password;
    for (const std::string& name : options_.insecure) {
        auto registry = parse_registry(name);
        if (!registry) return std::unexpected(registry.error());
        settings.hosts.insecure.insert(*std::move(registry));
    }
    settings.foreign_layers = options_.foreign_layers;
    settings.hosts.certificates = options_.certificates;
    settings.hosts.retries.tries = std::max(1U, options_.tries);
    settings.hosts.retries.requests_per_second = options_.requests_per_second;
    settings.timeouts.stall = std::chrono::seconds(std::max(1U, options_.stall_seconds));
    settings.timeouts.connect = std::min(settings.timeouts.connect, settings.timeouts.stall);
    settings.warnings = [this](const std::string& host, const std::string& text) {
        const std::scoped_lock warning_lock(mutex_);
        warnings_.push_back(host + ": " + text);
    };
    settings.notices = [this](const std::string& host, const std::string& text) {
        constexpr std::size_t most = 100;
        {
            const std::scoped_lock listener_lock(listener_mutex_);
            if (listener_) return listener_(host + ": " + text);
        }
        const std::scoped_lock notice_lock(mutex_);
        if (warnings_.size() < most) warnings_.push_back(host + ": " + text);
    };
    auto client = Client::create(std::move(settings));
    if (!client) return std::unexpected(client.error());
    conf_ = *std::move(conf);
    client_ = *std::move(client);
    if (cancelled_) client_->cancel();
    return client_.get();
}

void Remote::listen(Listener listener) {
    const std::scoped_lock lock(listener_mutex_);
    listener_ = std::move(listener);
}

void Remote::cancel() {
    const std::scoped_lock lock(mutex_);
    cancelled_ = true;
    if (client_ != nullptr) client_->cancel();
}

std::vector<std::string> Remote::warnings() const {
    const std::scoped_lock lock(mutex_);
    return warnings_;
}

Result<std::unique_ptr<source::ImageSource>> Remote::registry_image(const std::string& name,
                                                                    source::Selection selection) {
    auto reference = parse_reference(name);
    if (!reference) return std::unexpected(reference.error());
    auto opened = client();
    if (!opened) return std::unexpected(opened.error());
    auto places = conf_.places(*reference);
    if (!places) return std::unexpected(places.error());
    return open_registry_image(**opened, *std::move(reference), *std::move(places),
                               std::move(selection));
}

Result<std::unique_ptr<source::ImageSource>> Remote::daemon_image(
    const std::string& name, source::Selection selection, const source::StreamLimits& limits) {
    return open_daemon_image(name, std::move(selection), limits, options_.stall_seconds);
}

}  // namespace stratascan::registry
