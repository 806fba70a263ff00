// What a sweep shows while it runs, on standard error: a few lines that are drawn again
// and again on a terminal, and plain lines elsewhere.
#pragma once

#include <mutex>
#include <string>
#include <thread>

#include "scanner/sweep/work.hpp"

namespace stratascan::cli {

class SweepView final : public sweep::SweepWatcher {
public:
    enum class Form : std::uint8_t {
        none,   ///< troubles and all else are in the summary
        lines,  ///< a line for the plan, each repository and each trouble
        live,   ///< the same above a picture of where it is
    };
    explicit SweepView(Form form) : form_(form) {}
    ~SweepView() override;
    SweepView(const SweepView&) = delete;
    SweepView& operator=(const SweepView&) = delete;

    void begun(const sweep::Counters& counters) override;
    void planned(const sweep::Plan& plan) override;
    void repository_done(const sweep::RepositorySummary& repository) override;
    void waiting(const std::string& text) override { say(text); }
    void trouble(const std::string& where, sweep::Problem problem,
                 const std::string& reason) override;

    /// Ends the picture. The counters are not read after it.
    void end();

private:
    void say(const std::string& line);
    void draw();
    void wipe();
    [[nodiscard]] std::string picture() const;

    Form form_;
    std::mutex mutex_;
    const sweep::Counters* counters_ = nullptr;
    std::uint64_t start_ns_ = 0, fetch_start_ns_ = 0;
    std::size_t drawn_ = 0;  ///< lines on the terminal
    std::jthread drawer_;
};

}  // namespace stratascan::cli
