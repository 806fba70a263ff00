#include "scanner/policy/signature.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "scanner/policy/date.hpp"

namespace stratascan::policy {

namespace {

// What became of one envelope: how it holds, or why it does not.
struct Held {
    std::string how, why_not;
};

// One look over all that is attached.
class Look {
public:
    Look(const std::vector<std::string>& manifests, const Verifier& verifier, std::int64_t now)
        : manifests_(manifests), verifier_(verifier), now_(now) {}

    void see(const image::Attachment& attached, const image::AttachedBlob& blob) {
        const auto envelope = image::read_envelope(blob.media_type, blob.bytes, blob.annotations);
        if (!envelope) return;
        const bool signature = image::is_signature(*envelope);
        if (signature) ++seen_;
        if (std::string why = trouble(*envelope); !why.empty()) {
            if (signature) not_verified_ = envelope->form + " is there and not verified: " + why;
            check_.refused[blob.digest] = std::move(why);
            return;
        }
        Held held = look_at(*envelope);
        if (held.how.empty()) {
            if (signature && refused_.empty()) refused_ = held.why_not;
            check_.refused[blob.digest] = std::move(held.why_not);
            return;
        }
        if (std::ranges::none_of(envelope->subjects,
                                 [&](const std::string& one) { return is_asked(one); })) {
            if (signature) ++other_;
            check_.refused[blob.digest] = "what was signed is about another image";
            return;
        }
        check_.verified[blob.digest] = held.how;
        if (!signature || check_.holds) return;
        check_.holds = true;
        check_.detail = fmt::format("{} {} holds {}", envelope->form, attached.digest.substr(0, 19),
                                    held.how);
    }

    SignatureCheck take() {
        if (check_.holds) return std::move(check_);
        if (seen_ == 0) {
            check_.detail = "no signature that could be verified is kept with the image here";
        } else if (other_ > 0) {
            check_.detail = "what was signed is another image";
        } else if (!not_verified_.empty() && refused_.empty()) {
            check_.detail = not_verified_;
        } else {
            check_.detail = "no signature holds" + (refused_.empty() ? "" : ": " + refused_);
        }
        return std::move(check_);
    }

private:
    [[nodiscard]] bool is_asked(const std::string& digest) const {
        return !digest.empty() &&
               std::find(manifests_.begin(), manifests_.end(), digest) != manifests_.end();
    }

    [[nodiscard]] std::string trouble(const image::Envelope& envelope) const {
        if (!envelope.doubt.empty()) return envelope.doubt;
        if (envelope.expires.empty()) return {};
        const auto end = read_date(envelope.expires);
        if (!end) return "its end is no date";
        return *end < now_ ? "it ran out on " + written_date(*end) : std::string();
    }

    // What is said of the time stamps beside a signature that holds otherwise.
    [[nodiscard]] std::string stamp_words(const image::Envelope& envelope,
                                          const Stamped& stamped) const {
        if (stamped.at) {
            return fmt::format(", time-stamped on {} by {}", written_date(*stamped.at), stamped.who);
        }
        if (envelope.time_stamps.empty()) return {};
        if (!verifier_.stamps) return ", with a time stamp that was not checked";
        return ", with a time stamp that counts for nothing: " + stamped.why_not;
    }

    // What a log or an authority says of one signature says nothing of another beside it.
    [[nodiscard]] Held look_at(const image::Envelope& envelope) const {
        if (envelope.signatures.size() == 1) return look_at_one(envelope);
        Held first;
        for (const std::string& signature : envelope.signatures) {
            image::Envelope one = envelope;
            one.signatures = {signature};
            std::erase_if(one.time_stamps, [&](const image::TimeStamp& stamp) {
                return stamp.message != signature;
            });
            Held held = look_at_one(one);
            if (!held.how.empty()) return held;
            if (first.why_not.empty()) first = std::move(held);
        }
        return first;
    }

    [[nodiscard]] Held look_at_one(const image::Envelope& envelope) const {
        Logged logged;
        if (verifier_.log) logged = verifier_.log->prove(envelope.log_entries, envelope.signatures);
        const bool is_logged = logged.at || logged.included;
        if (verifier_.log && !is_logged) return {{}, logged.why_not};
        Stamped stamped;
        if (verifier_.stamps) stamped = verifier_.stamps->prove(envelope.time_stamps);
        std::string proofs;
        if (logged.at) proofs += ", logged on " + written_date(*logged.at);
        if (logged.included) proofs += ", in a tree that the log signed";
        proofs += stamp_words(envelope, stamped);
        if (verifier_.key && verifier_.key->holds(envelope)) return {"under the key" + proofs, {}};
        if (!verifier_.trust) return {{}, "none is of the key"};
        return under_certificate(envelope, logged, stamped, proofs);
    }

    [[nodiscard]] Held under_certificate(const image::Envelope& envelope, const Logged& logged,
                                         const Stamped& stamped, const std::string& proofs) const {
        const std::string when = logged.at    ? "when the log took it in"
                                 : stamped.at ? "when it was time-stamped"
                                              : "on the day asked";
        const auto proved = logged.at ? logged.at : stamped.at;
        const Signer signer = verifier_.trust->check(
            envelope.certificates, {proved.value_or(now_), now_, proved.has_value()});
        if (!signer.key) {
            std::string why = signer.why_not;
            if (signer.out_of_time && !proved) {
                why += ", and no log or time stamp that was given proves when it was signed";
                if (verifier_.stamps && !envelope.time_stamps.empty()) {
                    why += "; of its time stamp: " + stamped.why_not;
                }
            }
            return {{}, std::move(why)};
        }
        if (!signer.key->holds(envelope)) {
            return {{}, "it does not hold under the key of its certificate"};
        }
        return {fmt::format("under a certificate of {} that leads to a given authority and was "
                            "valid {}{}{}",
                            signer.who, when, proofs, signer.told),
                {}};
    }

    const std::vector<std::string>& manifests_;
    const Verifier& verifier_;
    std::int64_t now_;
    SignatureCheck check_{true, false};
    std::size_t seen_ = 0, other_ = 0;
    std::string not_verified_, refused_;
};

}  // namespace

SignatureCheck check_signatures(const std::vector<std::string>& manifests,
                                const std::vector<image::Attachment>& attached,
                                const Verifier& verifier, std::int64_t now) {
    Look look(manifests, verifier, now);
    for (const image::Attachment& one : attached) {
        for (const image::AttachedBlob& blob : one.blobs) look.see(one, blob);
    }
    return look.take();
}

}  // namespace stratascan::policy
