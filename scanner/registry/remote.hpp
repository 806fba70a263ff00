// Targets behind a network, with one client for all targets of a scan: tokens,
// connections and what is known of hosts are kept between them.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "scanner/registry/client.hpp"
#include "scanner/registry/registries_conf.hpp"
#include "scanner/source/image_source.hpp"
#include "stratascan/scanner.hpp"

namespace stratascan::registry {

class Remote final : public source::RemoteTargets {
public:
    explicit Remote(const Options::Registries& options) : options_(options) {}

    Result<std::unique_ptr<source::ImageSource>> registry_image(
        const std::string& name, source::Selection selection) override;
    Result<std::unique_ptr<source::ImageSource>> daemon_image(
        const std::string& name, source::Selection selection,
        const source::StreamLimits& limits) override;

    /// The client, made when it is first needed. Errors: registries.conf, or a file of
    /// credentials that was named, can't be read.
    [[nodiscard]] Result<Client*> client();

    /// Ends what waits for the network. Any thread.
    void cancel();

    /// Called at once, from any thread, when a registry is waited for and why ("host:
    /// text"); must return at once. Without a listener that is among the warnings.
    using Listener = std::function<void(const std::string& text)>;
    void listen(Listener listener);

    /// What registries wanted to be told, each once, as "host: text".
    [[nodiscard]] std::vector<std::string> warnings() const;

private:
    Options::Registries options_;
    mutable std::mutex mutex_;
    bool cancelled_ = false;
    std::vector<std::string> warnings_;
    std::mutex listener_mutex_;  ///< taken first; it may be held for as long as a terminal waits
    Listener listener_;
    RegistriesConf conf_{std::vector<RegistryRule>{}};  ///< read when the client is made
    std::unique_ptr<Client> client_;
};

}  // namespace stratascan::registry
