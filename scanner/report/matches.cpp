#include "scanner/report/matches.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <ctime>

#include "scanner/report/json_members.hpp"
#include "scanner/report/json_writer.hpp"
#include "scanner/report/text.hpp"

namespace stratascan::report {

namespace {

using store::Match;
using store::TagSpan;

std::string repository_of(const Match& match) {
    if (match.registry.empty()) return match.repository;
    return match.registry + "/" + match.repository;
}

std::string visibility_of(const Match& match) {
    if (!match.visibility) return {};
    std::string text(to_string(*match.visibility));
    if (match.hidden_by >= 0) text += fmt::format(" by layer {}", match.hidden_by);
    return text;
}

std::string day(std::int64_t seconds) { return timestamp(seconds).substr(0, 10); }

// "1.2 (now)", "latest (2026-01-01 to 2026-02-03)"
std::string tag_text(const TagSpan& tag) {
    if (tag.now) return fmt::format("{} (since {})", printable(tag.tag), day(tag.from));
    return fmt::format("{} ({} to {})", printable(tag.tag), day(tag.from), day(tag.until));
}

std::string pullable_text(const Match& match) {
    switch (match.pullable) {
    case store::Pullable::at_last_look: {
        const bool untagged = !match.tags.empty() &&
                              std::ranges::none_of(match.tags, [](const auto& tag) { return tag.now; });
        return fmt::format("pullable {}at the last look, {}", untagged ? "by its digest " : "",
                           day(match.last_seen));
    }
    case store::Pullable::gone:
        return fmt::format("gone since {}", day(match.gone_at.value_or(0)));
    case store::Pullable::not_known: break;
    }
    return fmt::format("seen {}", day(match.last_seen));
}

void write_place(Canvas& canvas, const Match& match) {
    std::vector<Piece> image{{match.digest.empty() ? "" : short_digest(match.digest), Tone::faint},
                             {printable(match.platform), Tone::faint}};
    for (const TagSpan& tag : match.tags) image.push_back({tag_text(tag)});
    image.push_back({match.last_seen > 0 ? pullable_text(match) : "in no image that is recorded",
                     match.pullable == store::Pullable::at_last_look ? Tone::warning
                                                                     : Tone::plain});
    canvas.flow(2, image);
}

Tone tone_of(const Match& match) {
    if (!match.severity) return Tone::strong;
    switch (*match.severity) {
    case Severity::critical: return Tone::critical;
    case Severity::high: return Tone::high;
    case Severity::medium: return Tone::medium;
    default: return Tone::low;
    }
}

void write_match(Canvas& canvas, const Match& match) {
    if (match.kind != "image") {
        const std::string layer =
            match.layer_index >= 0 ? fmt::format("layer {} {}", match.layer_index,
                                                 short_digest(match.layer))
                                   : std::string(match.layer.empty() ? "" : "config or manifest");
        std::vector<Piece> what{{printable(match.what.empty() ? match.kind : match.what),
                                 tone_of(match)}};
        if (!match.version.empty()) what.push_back({printable(match.version)});
        if (!match.path.empty()) what.push_back({place_in(match.path, match.inner_path)});
        if (match.line > 0) what.push_back({fmt::format("line {}", match.line)});
        what.push_back({layer, Tone::faint});
        what.push_back({visibility_of(match)});
        canvas.flow(4, what);
        if (!match.redacted.empty()) canvas.line(6, {{printable(match.redacted), Tone::faint}});
        if (!match.created_by.empty()) {
            canvas.line(6, {{build_step(match.created_by), Tone::faint}});
        }
    }
}

void write_tags(JsonWriter& json, const Match& match) {
    json.key("tags").begin_array();
    for (const TagSpan& tag : match.tags) {
        json.begin_object();
        json.member("tag", tag.tag);
        json.member("from", timestamp(tag.from));
        json.member("until", timestamp(tag.until));
        json.member("now", tag.now);
        json.end_object();
    }
    json.end_array();
}

void write_members(JsonWriter& json, const Match& match) {
    json.member("kind", match.kind);
    write_optional(json, "registry", match.registry);
    write_optional(json, "repository", match.repository);
    write_tags(json, match);
    write_optional(json, "digest", match.digest);
    write_optional(json, "platform", match.platform);
    write_optional(json, match.kind == "program" ? "program" : "rule", match.what);
    if (match.kind == "program") write_optional(json, "version", match.version);
    write_optional(json, "severity", match.severity ? to_string(*match.severity) : "");
    write_optional(json, "source", match.source);
    json.key("layer_index");
    if (match.layer_index < 0) json.null();
    else json.value(match.layer_index);
    write_optional(json, "layer", match.layer);
    write_optional(json, "path", match.path);
    json.member("inner_path", match.inner_path);
    json.member("line", match.line);
    write_optional(json, "redacted", match.redacted);
    write_optional(json, "secret_id", match.secret_id);
    write_optional(json, "public_fingerprint", match.fingerprint);
    write_optional(json, "detail", match.evidence_detail);
    write_optional(json, "visibility", match.visibility ? to_string(*match.visibility) : "");
    json.key("hidden_by");
    if (match.hidden_by < 0) json.null();
    else json.value(match.hidden_by);
    write_optional(json, "created_by", match.created_by);
    json.member("pullable", to_string(match.pullable));
    write_optional(json, "first_seen", timestamp(match.first_seen));
    write_optional(json, "last_seen", timestamp(match.last_seen));
    write_optional(json, "gone_at", timestamp(match.gone_at.value_or(0)));
}

std::string cell(std::string_view bytes) {
    std::string text = printable(bytes);
    if (!text.empty() && std::string_view("=+-@").find(text[0]) != std::string_view::npos) {
        text.insert(0, 1, '\'');
    }
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + '"';
}

}  // namespace

std::string timestamp(std::int64_t seconds) {
    const auto time = static_cast<std::time_t>(seconds);
    std::tm parts{};
    if (seconds <= 0 || ::gmtime_r(&time, &parts) == nullptr) return {};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900,
                       parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                       parts.tm_sec);
}

std::string write_matches_table(const store::Answer& answer, const TableStyle& style) {
    Canvas canvas(style.width, style.colour);
    std::string repository;
    const Match* last = nullptr;
    for (const Match& match : answer.matches) {
        const std::string name = repository_of(match);
        const bool fresh = last == nullptr || name != repository;
        if (fresh) {
            if (last != nullptr) canvas.blank();
            canvas.line(0, {{printable(name.empty() ? "a layer of no image" : name),
                             Tone::strong}});
        }
        if (fresh || last->digest != match.digest) write_place(canvas, match);
        write_match(canvas, match);
        repository = name;
        last = &match;
    }
    if (last != nullptr) canvas.blank();
    canvas.line(0, {{answer.matches.empty() ? "nothing found"
                                            : counted(answer.matches.size(), "place"),
                     Tone::strong}});
    if (answer.cut) canvas.line(0, {{"there are more: see --limit", Tone::warning}});
    for (const std::string& note : answer.notes) {
        canvas.flow(0, {{printable(note), Tone::warning, true}});
    }
    return canvas.take();
}

std::string write_matches_json(const store::Answer& answer) {
    std::string text;
    JsonWriter json(text, JsonWriter::Style::pretty);
    json.begin_object();
    json.member("schema", "stratascan/find/1");
    json.member("cut", answer.cut);
    json.member("notes", answer.notes);
    json.key("matches").begin_array();
    for (const Match& match : answer.matches) {
        json.begin_object();
        write_members(json, match);
        json.end_object();
    }
    json.end_array();
    json.end_object();
    text += '\n';
    return text;
}

std::string write_matches_csv(const store::Answer& answer) {
    std::string text =
        "registry,repository,tags_now,tags_ever,digest,platform,kind,what,version,layer_index,"
        "layer,path,inner_path,line,visibility,hidden_by,created_by,pullable,first_seen,"
        "last_seen,gone_at,secret_id,tag_history\r\n";
    for (const Match& match : answer.matches) {
        std::vector<std::string> now;
        std::vector<std::string> ever;
        std::vector<std::string> history;
        for (const TagSpan& tag : match.tags) {
            if (tag.now) now.push_back(tag.tag);
            ever.push_back(tag.tag);
            // An interval of ISO 8601, open where the tag still leads there.
            history.push_back(fmt::format("{} {}/{}", tag.tag, timestamp(tag.from),
                                          tag.now ? ".." : timestamp(tag.until)));
        }
        const auto number = [](int value) {
            return value < 0 ? std::string() : std::to_string(value);
        };
        const std::vector<std::string> cells = {
            match.registry, match.repository, listed(now, " "), listed(ever, " "), match.digest,
            match.platform, match.kind, match.what, match.version, number(match.layer_index),
            match.layer, match.path, listed(match.inner_path, " > "),
            match.line == 0 ? "" : std::to_string(match.line),
            std::string(match.visibility ? to_string(*match.visibility) : ""),
            number(match.hidden_by), match.created_by, std::string(to_string(match.pullable)),
            timestamp(match.first_seen), timestamp(match.last_seen),
            timestamp(match.gone_at.value_or(0)), match.secret_id,
            listed(history, "; ")};
        for (std::size_t i = 0; i < cells.size(); ++i) {
            if (i > 0) text += ',';
            text += cell(cells[i]);
        }
        text += "\r\n";
    }
    return text;
}

}  // namespace stratascan::report
