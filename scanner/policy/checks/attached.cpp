// Signatures, bills of materials, provenance and VEX. What is attached is told, and how far
// it is proved: not signed, signed and not verified, or verified with what the gate was
// given. A policy says how much it asks for (`signature`).
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "scanner/image/envelope.hpp"
#include "scanner/policy/checks/answers.hpp"
#include "scanner/policy/checks/bill.hpp"
#include "scanner/policy/checks/checks.hpp"
#include "scanner/policy/checks/statement.hpp"
#include "scanner/policy/glob.hpp"

namespace stratascan::policy {

namespace {

using image::AttachedBlob;
using image::Attachment;

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

// In the order of what is worth more.
enum class Proof : std::uint8_t { of_another, none, unread, signature, verified };

struct Found {
    std::string kind;
    Proof proof = Proof::none;
    std::string words;  ///< what is known of whether it is true
};

Found look_at(const Subject& subject, const AttachedBlob& blob, std::string kind) {
    const SignatureCheck& check = subject.signature;
    if (const auto how = check.verified.find(blob.digest); how != check.verified.end()) {
        return {std::move(kind), Proof::verified, "its signature holds " + how->second};
    }
    if (blob.bytes.empty() || blob.unproven) {
        return {std::move(kind), Proof::unread, "its bytes were not read and its validity was not checked"};
    }
    const auto envelope = image::read_envelope(blob.media_type, blob.bytes, blob.annotations);
    if (!envelope) {
        const auto document = document_in(blob);
        if (document && !is_about(*document, subject)) {
            return {std::move(kind), Proof::of_another, "it speaks of another image"};
        }
        return {std::move(kind), Proof::none, "it is not signed, so anyone may have written it"};
    }
    if (!check.asked) {
        return {std::move(kind), Proof::signature,
                "it is signed, and its validity was not checked: nobody said whose signature counts"};
    }
    const auto why = check.refused.find(blob.digest);
    return {std::move(kind), Proof::signature,
            "its signature is not verified" +
                (why == check.refused.end() ? std::string() : ": " + why->second)};
}

using KindOf = std::function<std::string(const Attachment&, const AttachedBlob&)>;

// The best proved of those that are the image's own, or of the indexes that list it here.
std::optional<Found> best_of(const Subject& subject, const KindOf& kind_of) {
    std::optional<Found> best;
    const auto see = [&](const Attachment& attached, const AttachedBlob& blob) {
        std::string kind = kind_of(attached, blob);
        if (kind.empty()) return;
        Found found = look_at(subject, blob, std::move(kind));
        if (!best || found.proof > best->proof) best = std::move(found);
    };
    for (const Attachment& attached : subject.facts.attachments) {
        for (const AttachedBlob& blob : attached.blobs) see(attached, blob);
        if (attached.blobs.empty()) see(attached, {});
    }
    return best;
}

// What a policy that asks for `signature` makes of it.
Answer judged(const Subject& subject, const Settings& settings, std::string_view what,
              const Found& found) {
    const std::string& wanted = text(settings, "signature");
    std::string reason = fmt::format("{} is attached: {}; {}", what, found.kind, found.words);
    const Item item = config_item("attached", fmt::format("{}: {}", found.kind, found.words));
    if (found.proof == Proof::of_another) return failed(std::move(reason), {item});
    if (wanted == "none" || found.proof == Proof::verified) return passed(std::move(reason));
    if (found.proof == Proof::none) return failed(std::move(reason), {item});
    if (found.proof == Proof::unread) return unknown(std::move(reason));
    // Signed, and not verified.
    if (subject.signature.asked) return failed(std::move(reason), {item});
    if (wanted == "present") return passed(std::move(reason));
    return unknown(std::move(reason) + " (see --verify-key and --trust)");
}

Answer not_found(const Subject& subject) {
    if (subject.facts.attachments_complete) {
        return failed("the registry has none", {config_item("attached", "nothing")});
    }
    return unknown("nothing of the kind is kept with the image here; a registry may have it");
}

Answer about_attached(const Subject& subject, const Settings& settings, std::string_view what,
                      const KindOf& kind_of) {
    if (subject.report.image.kind != "image") {
        return not_applicable("only images have attachments");
    }
    const auto found = best_of(subject, kind_of);
    return found ? judged(subject, settings, what, *found) : not_found(subject);
}

// What a signature is by, or "". A bundle may hold a statement of something else.
std::string signature_kind(const Attachment& attached, const AttachedBlob& blob) {
    if (blob.media_type == "application/vnd.dev.cosign.simplesigning.v1+json") return "cosign";
    if (has(blob.media_type, "sigstore.bundle") || has(attached.artifact_type, "sigstore.bundle")) {
        const bool other =
            !blob.predicate_type.empty() && !has(blob.predicate_type, "/cosign/sign/");
        if (!other) return "a Sigstore bundle";
    }
    if (has(attached.artifact_type, "cncf.notary.signature")) return "Notary";
    return {};
}

// Who built and how, as the provenance claims it that `answer` passed. Where the policy asks
// for a signature, what is not verified claims nothing.
Answer built_as_asked(const Subject& subject, const Settings& settings, Answer answer) {
    const auto& builders = texts(settings, "builders");
    const std::string& mode = text(settings, "mode");
    std::vector<BuildClaim> claims;
    for (const Attachment& attached : subject.facts.attachments) {
        for (const AttachedBlob& blob : attached.blobs) {
            const bool counts = text(settings, "signature") == "none" ||
                                !subject.signature.asked ||
                                subject.signature.verified.contains(blob.digest);
            auto claim = counts ? build_claim(blob, subject) : std::nullopt;
            if (claim) claims.push_back(std::move(*claim));
        }
    }
    const auto is_listed = [&](const BuildClaim& claim) {
        return builders.empty() || std::ranges::any_of(builders, [&](const std::string& one) {
                   return glob_matches(one, claim.builder);
               });
    };
    const auto is_whole = [&](const BuildClaim& claim) { return mode != "max" || claim.whole; };
    const bool asks = !builders.empty() || mode == "max";
    for (const BuildClaim& claim : claims) {
        Item item = config_item(
            "provenance", fmt::format("SLSA {}, {}, {}", claim.version,
                                      claim.builder.empty() ? "no builder" : "built by " + claim.told_builder,
                                      claim.whole ? "with the definition of the build (mode max)"
                                                  : "without the definition of the build (mode min)"));
        item.counts = asks && !(is_listed(claim) && is_whole(claim));
        add(answer, std::move(item));
    }
    if (!asks) return answer;
    if (claims.empty()) {
        return unknown(answer.reason + "; who built it could not be read");
    }
    const bool as_asked = std::ranges::any_of(claims, [&](const BuildClaim& claim) {
        return is_listed(claim) && is_whole(claim);
    });
    if (as_asked) {
        // Another builder's word beside it takes nothing away.
        for (Item& item : answer.items) item.counts = false;
        return answer;
    }
    answer.outcome = Outcome::fail;
    answer.reason += std::ranges::none_of(claims, is_listed)
                         ? "; its builder is not on the list"
                         : "; it does not hold the definition of the build (mode max)";
    return answer;
}

}  // namespace

Answer signed_image(const Subject& subject, const Settings& settings) {
    if (subject.report.image.kind != "image") return not_applicable("only images are signed");
    if (subject.signature.asked) {
        if (subject.signature.holds) return passed(subject.signature.detail);
        return failed(subject.signature.detail, {config_item("attached", "no valid signature")});
    }
    const auto found = best_of(subject, signature_kind);
    if (!found) return not_found(subject);
    std::string reason = "a signature is attached: " + found->kind +
                         "; its validity was not checked (see --verify-key and --trust)";
    return text(settings, "signature") == "verified" ? unknown(std::move(reason))
                                                     : passed(std::move(reason));
}

namespace {

// Bills of materials among the files of the final tree.
Answer sbom_among_files(const Subject& subject, Answer otherwise) {
    std::size_t readable = 0;
    std::vector<Item> items;
    for (const image::PlacedFact& fact : subject.facts.facts) {
        if (fact.kind != layer::FactKind::image_sbom || fact.visibility != Visibility::visible) {
            continue;
        }
        const auto document =
            std::ranges::find_if(subject.facts.documents, [&](const image::PlacedDocument& one) {
                return one.kind == layer::DocumentKind::bill && one.path == fact.path;
            });
        const bool kept = document != subject.facts.documents.end();
        const std::string form = kept ? document->text.substr(0, document->text.find('\n')) : "";
        readable += form.empty() ? 0 : 1;
        const std::string why = !kept          ? "a bill of materials by its name, past the number that is read"
                                : document->cut ? "a bill of materials by its name, too large to be read"
                                                : "called like a bill of materials, and not SPDX or CycloneDX";
        Item item = file_item(fact, form.empty() ? why : "a bill of materials: " + form);
        item.counts = false;
        items.push_back(std::move(item));
    }
    if (items.empty()) return otherwise;
    Answer answer =
        readable > 0
            ? passed("a bill of materials is among its files; its validity was not checked")
            : unknown("files are called like bills of materials, and none could be read as one");
    for (Item& item : items) add(answer, std::move(item));
    return answer;
}

}  // namespace

Answer sbom(const Subject& subject, const Settings& settings) {
    Answer answer = about_attached(subject, settings, "a bill of materials", bill_kind);
    if (answer.outcome == Outcome::pass || answer.outcome == Outcome::not_applicable ||
        text(settings, "signature") != "none") {
        return answer;
    }
    return sbom_among_files(subject, std::move(answer));
}

Answer provenance(const Subject& subject, const Settings& settings) {
    Answer answer = about_attached(
        subject, settings, "provenance", [](const auto& attached, const auto& blob) {
            return document_kind(attached, blob, {"slsa.dev/provenance/"});
        });
    return answer.outcome == Outcome::pass ? built_as_asked(subject, settings, std::move(answer))
                                           : answer;
}

Answer vex(const Subject& subject, const Settings& settings) {
    return about_attached(subject, settings, "a VEX document",
                          [](const auto& attached, const auto& blob) {
                              return document_kind(attached, blob,
                                                   {"openvex", "cyclonedx.org/vex", "csaf"});
                          });
}

Answer suppressions_justified(const Subject& subject, const Settings&) {
    if (!subject.suppressions.given) return not_applicable("nothing is suppressed");
    Answer answer;
    for (const std::string& expired : subject.suppressions.expired) {
        add(answer, config_item("suppressions", expired));
    }
    if (answer.items.empty()) return passed("every suppression is justified, owned and in force");
    answer.outcome = Outcome::fail;
    answer.reason = counted(answer.items.size(), "suppression has run out",
                            "suppressions have run out");
    return answer;
}

}  // namespace stratascan::policy
