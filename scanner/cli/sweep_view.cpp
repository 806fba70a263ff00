#include "scanner/cli/sweep_view.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

#include "scanner/cli/command.hpp"
#include "scanner/layer/clock.hpp"
#include "scanner/report/report_writer.hpp"
#include "scanner/report/text.hpp"

namespace stratascan::cli {

namespace {

constexpr auto interval = std::chrono::milliseconds(200);
constexpr std::size_t most_width = 100;

/// Narrower than the terminal: a line that it broke in two would not be wiped as a whole.
std::size_t picture_width() {
    winsize size{};
    const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
    return std::min<std::size_t>(most_width, known ? size.ws_col - 1U : 79U);
}

/// As many of the fields in each line as it has room for.
std::string lines_of(const std::vector<std::string>& fields, std::size_t width) {
    std::string text, line;
    const auto end_line = [&] {
        if (!line.empty()) text += report::cut_end(line, width) + '\n';
        line.clear();
    };
    for (const std::string& field : fields) {
        if (field.empty()) continue;
        if (!line.empty() && line.size() + 3 + field.size() > width) end_line();
        line += (line.empty() ? "  " : "   ") + field;
    }
    end_line();
    return text;
}

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
    using report::grouped;
    const sweep::Counters& c = *counters_;
    const auto now = layer::now_ns();
    const double seconds = static_cast<double>(now - start_ns_) / 1e9;
    const bool fetching = c.phase.load() == sweep::Counters::Phase::fetching && fetch_start_ns_ > 0;
    const std::size_t width = picture_width();
    std::string text = lines_of(
        {fmt::format("repositories {} of {}", grouped(c.repositories_done),
                     grouped(c.repositories)),
         fmt::format("tags {} of {}", grouped(c.tags_seen), grouped(c.tags)),
         fmt::format("manifests {} ({} known)", grouped(c.manifests), grouped(c.manifests_known)),
         time_text(seconds)},
        width);
    std::vector<std::string> last;
    if (fetching) {
        const double fetched = static_cast<double>(c.bytes_done);
        const double spent = std::max(static_cast<double>(now - fetch_start_ns_) / 1e9, 0.001);
        const double rate = fetched / spent;
        const double ahead = std::max(0.0, static_cast<double>(c.bytes) - fetched);
        text += lines_of(
            {fmt::format("layers {} of {}", grouped(c.layers_done), grouped(c.layers)),
             fmt::format("{} of {}", report::sized(c.bytes_done), report::sized(c.bytes)),
             fmt::format("{}/s", report::sized(static_cast<std::uint64_t>(rate))),
             rate > 0 && ahead > 0 ? time_text(ahead / rate) + " left" : ""},
            width);
        last.push_back(fmt::format("images recorded {} of {}", grouped(c.roots_recorded),
                                   grouped(c.roots_to_record)));
    }
    last.push_back(fmt::format("findings {}", grouped(c.findings)));
    last.push_back(fmt::format("not covered {}", grouped(c.troubles)));
    return text + lines_of(last, width);
}

}  // namespace stratascan::cli
