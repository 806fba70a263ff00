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

    [[nodiscard]] Held look_at(const image::Envelope& envelope) const {
        Logged logged;
        if (verifier_.log) logged = verifier_.log->prove(envelope.log_entries, envelope.signatures);
        const bool is_logged = logged.at || logged.included;
        if (verifier_.log && !is_logged) return {{}, logged.why_not};
        std::string in_log;
        if (logged.at) in_log += ", logged on " + written_date(*logged.at);
        if (logged.included) in_log += ", in a tree that the log signed";
        if (verifier_.key && verifier_.key->holds(envelope)) return {"under the key" + in_log, {}};
        if (!verifier_.trust) return {{}, "none is of the key"};
        const Signer signer =
            verifier_.trust->check(envelope.certificates, logged.at.value_or(now_));
        if (!signer.key) {
            const bool no_time = signer.out_of_time && !logged.at;
            return {{}, signer.why_not +
                            (no_time ? ", and no log that was given proves when it was signed" : "")};
        }
        if (!signer.key->holds(envelope)) {
            return {{}, "it does not hold under the key of its certificate"};
        }
        return {fmt::format("under a certificate of {} that leads to a given authority and was "
                            "valid {}{}",
                            signer.who, logged.at ? "when the log took it in" : "on the day asked",
                            in_log),
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
