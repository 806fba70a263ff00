#include "scanner/report/phrases.hpp"

#include <fmt/format.h>

#include <iterator>

#include "scanner/evidence/codec.hpp"
#include "scanner/report/report_writer.hpp"
#include "scanner/report/text.hpp"

namespace stratascan::report {

std::string image_name(const TargetReport& target) {
    return target.image.names.empty() ? target.target : target.image.names.front();
}

std::string sentence(const Finding& finding) {
    std::string text = finding.title + " (" + finding.redacted + ")";
    if (finding.layer_index >= 0) text += fmt::format(" in layer {}", finding.layer_index);
    if (const std::string step = build_step(finding.created_by); !step.empty()) {
        text += ", put there by: " + step;
    }
    if (finding.visibility != Visibility::visible) {
        text += fmt::format("; {} by layer {}, but still in the image",
                            to_string(finding.visibility), finding.hidden_by);
    }
    text += fmt::format(". Evidence: {}", to_string(finding.evidence));
    if (!finding.evidence_detail.empty()) text += " (" + finding.evidence_detail + ")";
    if (finding.suppressed) {
        text += fmt::format(". Suppressed by {} until {}: {}", finding.suppressed->owner,
                            finding.suppressed->until, finding.suppressed->reason);
    }
    return printable(text) + ".";
}

std::string uri_path(std::string_view path) {
    std::string uri;
    for (const char c : path) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') ||
                           std::string_view("/-._~!").find(c) != std::string_view::npos;
        if (plain) {
            uri += c;
        } else {
            fmt::format_to(std::back_inserter(uri), "%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return uri;
}

std::string uri_of(const Finding& finding) {
    std::string uri = uri_path(finding.path);
    for (const std::string& step : finding.inner_path) uri += "!/" + uri_path(step);
    return uri;
}

std::string xml_text(std::string_view text) {
    std::string escaped;
    for (const char c : printable(text)) {
        switch (c) {
            case '&': escaped += "&amp;"; break;
            case '<': escaped += "&lt;"; break;
            case '>': escaped += "&gt;"; break;
            case '"': escaped += "&quot;"; break;
            case '\'': escaped += "&#39;"; break;
            default: escaped += c;
        }
    }
    return escaped;
}

std::string uuid_of(std::string_view text) {
    std::string digits = evidence::hex(evidence::sha256(text)).substr(0, 32);
    digits[12] = '8';
    digits[16] = "89ab"[digits[16] % 4];
    for (const std::size_t at : {20U, 16U, 12U, 8U}) digits.insert(at, "-");
    return digits;
}

}  // namespace stratascan::report
