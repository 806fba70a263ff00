#include "scanner/layer/fact_collector.hpp"

#include <algorithm>
#include <tuple>

#include "scanner/layer/bill_of_materials.hpp"

namespace stratascan::layer {

namespace {

// No line of such a document that counts is longer.
constexpr std::size_t longest_line = 4 << 10;
// A host is a hint: these files of a layer tell it, however many name it.
constexpr std::size_t files_a_host = 4;

}  // namespace

void FactCollector::add(const Window& window, SpottedFacts& spotted) {
    if (window.stream != 0) return;
    facts_.newest_mtime = std::max(facts_.newest_mtime, spotted.newest_mtime);
    for (FileFact& fact : spotted.facts) {
        if (!is_wanted(fact)) continue;
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

bool FactCollector::is_wanted(const FileFact& fact) {
    if (fact.kind != FactKind::named_host) return true;
    // A host past the kind's limit is counted as untold, each file.
    const auto known = hosts_.find(fact.detail);
    if (known == hosts_.end()) {
        if (hosts_.size() < facts_a_kind) hosts_.emplace(fact.detail, 1);
        return true;
    }
    return ++known->second <= files_a_host;
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
                member.inner || !begin(*kind, member)) {
                continue;
            }
        }
        feed(window.bytes().substr(static_cast<std::size_t>(from - window.sight_begin()),
                                   static_cast<std::size_t>(to - from)));
    }
    if (open_ && window.last) end();
}

// Whether the document that begins there is kept.
bool FactCollector::begin(DocumentKind kind, const Member& member) {
    const bool bill = kind == DocumentKind::bill;
    std::size_t& number = bill ? bills_ : documents_;
    if (number >= (bill ? bills_a_layer : documents_a_layer)) return false;
    ++number;
    facts_.documents.push_back({kind, member.path, {}, member.ordinal, false});
    open_ = true;
    return true;
}

void FactCollector::feed(std::string_view bytes) {
    if (facts_.documents.back().kind == DocumentKind::bill) {
        too_long_ = too_long_ || cut_.size() + bytes.size() > bill_bytes_limit;
        if (!too_long_) cut_ += bytes;
        return;
    }
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

void FactCollector::end_bill(SmallDocument& document) {
    auto bill = too_long_ ? std::nullopt : read_bill(cut_);
    document.cut = too_long_;
    if (bill) {
        document.text = written(*bill, bill_text_limit - std::min(bill_text_, bill_text_limit));
        document.cut = bill->cut;
        bill_text_ += document.text.size();
    }
    cut_ = {};
    too_long_ = false;
}

void FactCollector::end() {
    SmallDocument& document = facts_.documents.back();
    if (document.kind == DocumentKind::bill) end_bill(document);
    else if (!cut_.empty() || too_long_) line(cut_);
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
