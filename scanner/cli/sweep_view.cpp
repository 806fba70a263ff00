#include "scanner/cli/sweep_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "scanner/cli/command.hpp"
#include "scanner/layer/clock.hpp"
#include "scanner/report/report_writer.hpp"
#include "scanner/report/text.hpp"

namespace stratascan::cli {

namespace {

constexpr auto interval = std::chrono::milliseconds(200);
constexpr std::size_t width = 100;

std::string time_text(double seconds) {
    const auto all = static_cast<std::uint64_t>(seconds);
    if (all >= 3600) return fmt::format("{} h {:02} min", all / 3600, all / 60 % 60);
    if (all >= 60) return fmt::format("{} min {:02} s", all / 60, all % 60);
    return fmt::format("{} s", all);
}

}  // namespace

SweepView::~SweepView() { end(); }

void SweepView::begun(const sweep::Counters& counters) {
    start_ns_ = layer::now_ns();
    fetch_start_ns_ = 0;
    counters_ = &counters;
    if (form_ != Form::live) return;
    drawer_ = std::jthread([this](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            std::this_thread::sleep_for(interval);
            const std::scoped_lock lock(mutex_);
            draw();
        }
    });
}

void SweepView::end() {
    if (drawer_.joinable()) {
        drawer_.request_stop();
        drawer_.join();
    }
    const std::scoped_lock lock(mutex_);
    wipe();
    counters_ = nullptr;
}

void SweepView::planned(const sweep::Plan& plan) {
    {
        const std::scoped_lock lock(mutex_);
        fetch_start_ns_ = layer::now_ns();
    }
    say("plan: " + sweep::plan_text(plan));
}

void SweepView::repository_done(const sweep::RepositorySummary& of) {
    if (of.gone) return say(of.registry + '/' + of.repository + ": gone");
    say(fmt::format("{}/{}: {}, {}, {}, {}", of.registry, of.repository, of.state(),
                    report::counted(of.images, "image"), report::counted(of.layers, "layer"),
                    report::counted(of.all_findings(), "finding")));
}

void SweepView::trouble(const std::string& where, sweep::Problem problem,
                        const std::string& reason) {
    say(fmt::format("{}: {}: {}", where, sweep::to_string(problem), reason));
}

void SweepView::say(const std::string& line) {
    if (form_ == Form::none) return;
    const std::scoped_lock lock(mutex_);
    wipe();
    const std::string text = report::printable(line) + '\n';
    static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
    draw();
}

void SweepView::wipe() {
    // Up to the first line of the picture, and all below it goes.
    std::string codes;
    for (std::size_t i = 0; i < drawn_; ++i) codes += "\x1b[1A\x1b[2K";
    static_cast<void>(std::fwrite(codes.data(), 1, codes.size(), stderr));
    drawn_ = 0;
}

void SweepView::draw() {
    if (form_ != Form::live || counters_ == nullptr) return;
    const std::string text = picture();
    wipe();
    drawn_ = static_cast<std::size_t>(std::ranges::count(text, '\n'));
    static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
    static_cast<void>(std::fflush(stderr));
}

std::string SweepView::picture() const {
    const sweep::Counters& c = *counters_;
    const auto now = layer::now_ns();
    const double seconds = static_cast<double>(now - start_ns_) / 1e9;
    const bool fetching = c.phase.load() == sweep::Counters::Phase::fetching && fetch_start_ns_ > 0;
    std::string text = fmt::format(
        "  repositories {} of {}   tags {} of {}   manifests {} ({} known)   {}\n",
        report::grouped(c.repositories_done), report::grouped(c.repositories),
        report::grouped(c.tags_seen), report::grouped(c.tags), report::grouped(c.manifests),
        report::grouped(c.manifests_known), time_text(seconds));
    if (fetching) {
        const double fetched = static_cast<double>(c.bytes_done);
        const double spent = std::max(static_cast<double>(now - fetch_start_ns_) / 1e9, 0.001);
        const double rate = fetched / spent;
        const double ahead = std::max(0.0, static_cast<double>(c.bytes) - fetched);
        text += fmt::format("  layers {} of {}   {} of {}   {}/s   {}\n",
                            report::grouped(c.layers_done), report::grouped(c.layers),
                            report::sized(c.bytes_done), report::sized(c.bytes),
                            report::sized(static_cast<std::uint64_t>(rate)),
                            rate > 0 && ahead > 0 ? time_text(ahead / rate) + " left" : "");
        text += fmt::format("  images recorded {} of {}   ",
                            report::grouped(c.roots_recorded), report::grouped(c.roots_to_record));
    } else {
        text += "  ";
    }
    text += fmt::format("findings {}   not covered {}\n", report::grouped(c.findings),
                        report::grouped(c.troubles));
    std::string cut;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        cut += report::cut_end(text.substr(at, end - at), width) + '\n';
        at = end + 1;
    }
    return cut;
}

}  // namespace stratascan::cli
