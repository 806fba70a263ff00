#include "scanner/layer/fact_collector.hpp"

#include <algorithm>
#include <tuple>

namespace stratascan::layer {

namespace {

// No line of such a document that counts is longer.
constexpr std::size_t longest_line = 4 << 10;

}  // namespace

void FactCollector::add(const Window& window, SpottedFacts& spotted) {
    if (window.stream != 0) return;
    facts_.newest_mtime = std::max(facts_.newest_mtime, spotted.newest_mtime);
    for (FileFact& fact : spotted.facts) {
        std::size_t& told = told_[static_cast<std::size_t>(fact.kind)];
        if (told < facts_a_kind) {
            ++told;
            facts_.facts.push_back(std::move(fact));
        } else {
            ++facts_.untold[fact.kind];
        }
    }
    if (open_ || spotted.documents) read_documents(window);
}

void FactCollector::read_documents(const Window& window) {
    for (const Piece& piece : window.pieces) {
        const std::uint64_t from = std::max(piece.begin, window.begin);
        const std::uint64_t to = std::min(piece.end, window.end);
        if (piece.kind != PieceKind::contents || from >= to) continue;
        const Member& member = window.members[piece.member];
        if (open_ && facts_.documents.back().ordinal != member.ordinal) end();
        if (!open_) {
            const auto kind = document_kind(member.path);
            const bool first = piece.file_offset == 0 && from == piece.begin;
            if (!kind || !first || member.kind != EntryKind::file || member.after_end ||
                member.inner || facts_.documents.size() >= documents_a_layer) {
                continue;
            }
            facts_.documents.push_back({*kind, member.path, {}, member.ordinal, false});
            open_ = true;
        }
        feed(window.bytes().substr(static_cast<std::size_t>(from - window.sight_begin()),
                                   static_cast<std::size_t>(to - from)));
    }
    if (open_ && window.last) end();
}

void FactCollector::feed(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::size_t stop = bytes.find('\n');
        const std::string_view part = bytes.substr(0, stop);
        too_long_ = too_long_ || cut_.size() + part.size() > longest_line;
        if (!too_long_) cut_ += part;
        if (stop == std::string_view::npos) return;
        bytes.remove_prefix(stop + 1);
        line(cut_);
    }
}

void FactCollector::line(std::string_view text) {
    SmallDocument& document = facts_.documents.back();
    if (too_long_) {
        document.cut = true;
    } else if (const auto kept = kept_line(document.kind, text)) {
        if (document.text.size() + kept->size() < document_text_limit) {
            (document.text += *kept) += '\n';
        } else {
            document.cut = true;
        }
    }
    cut_.clear();
    too_long_ = false;
}

void FactCollector::end() {
    if (!cut_.empty() || too_long_) line(cut_);
    open_ = false;
}

FileFacts FactCollector::take() {
    if (open_) end();
    facts_.known = true;
    std::sort(facts_.facts.begin(), facts_.facts.end(), [](const auto& a, const auto& b) {
        return std::tie(a.ordinal, a.kind, a.detail) < std::tie(b.ordinal, b.kind, b.detail);
    });
    return std::move(facts_);
}

}  // namespace stratascan::layer
