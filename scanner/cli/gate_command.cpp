// `gate`: a scan and a verdict.
#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "scanner/cli/command.hpp"
#include "scanner/cli/scan_run.hpp"
#include "scanner/cli/since.hpp"
#include "scanner/cli/told_words.hpp"
#include "scanner/policy/base_image.hpp"
#include "scanner/policy/baseline.hpp"
#include "scanner/policy/date.hpp"
#include "scanner/policy/known_bases.hpp"
#include "scanner/policy/manifest.hpp"
#include "scanner/policy/signature.hpp"
#include "scanner/policy/suppress_report.hpp"
#include "scanner/policy/verdict.hpp"
#include "scanner/registry/remote.hpp"
#include "scanner/report/formats.hpp"
#include "scanner/sandbox/sandbox.hpp"
#include "scanner/source/target.hpp"

namespace stratascan::cli {

namespace {

struct GateArguments {
    ScanRun scan;
    std::vector<std::string> policies;
    std::string fail_on, suppressions, at, baseline, since, base, known_bases, verify_key,
        manifest;
    std::string trust, identity, issuer, log_key, tsa, ct_log_key, crl;
    bool only_own_layers = false;
};

Result<std::int64_t> moment(const std::string& at) {
    if (at.empty()) {
        return std::chrono::duration_cast<std::chrono::seconds>(
                   std::chrono::system_clock::now().time_since_epoch())
            .count();
    }
    if (const auto date = policy::read_date(at)) return *date;
    return fail(ErrorCode::invalid_argument, "--at is no date", {}, "write 2026-12-31");
}

Result<std::vector<policy::Policy>> load_policies(const std::vector<std::string>& names,
                                                  Sandbox& sandbox, ToldWords& words) {
    std::vector<policy::Policy> policies;
    for (const std::string& name : names) {
        auto policy = read_inside(sandbox, [&] { return policy::load_policy(name); });
        if (!policy) return std::unexpected(policy.error());
        if (policy::carried_policy(name) == nullptr) words.clean(policy::told_texts(*policy));
        policies.push_back(std::move(*policy));
    }
    return policies;
}

int exit_code_of(policy::Verdict verdict) {
    switch (verdict) {
        case policy::Verdict::pass: return exit_clean;
        case policy::Verdict::fail: return exit_findings;
        case policy::Verdict::incomplete: break;
    }
    return exit_incomplete;
}

// Everything that the user gave beside targets and policies, read and checked before
// anything is scanned.
struct Beside {
    policy::GateSettings settings;
    policy::Verifier verifier;
    std::vector<policy::BaseImage> bases, known;
    std::optional<policy::ManifestVerdict> manifest;
    std::vector<std::string> warnings;
};

// What a certificate must bear beside the way to an authority.
Result<void> limit_trust(const GateArguments& arguments, policy::Trust& trust) {
    if (!arguments.crl.empty()) {
        auto lists = policy::RevocationLists::load(arguments.crl);
        if (!lists) return std::unexpected(lists.error());
        trust.refuse_revoked(std::move(*lists));
    }
    if (!arguments.ct_log_key.empty()) {
        auto log = policy::CertificateLogKey::load(arguments.ct_log_key);
        if (!log) return std::unexpected(log.error());
        trust.require_log(std::move(*log));
    }
    return {};
}

Result<policy::Verifier> read_verifier(const GateArguments& arguments) {
    policy::Verifier verifier;
    if (!arguments.verify_key.empty()) {
        auto key = policy::VerifyKey::load(arguments.verify_key);
        if (!key) return std::unexpected(key.error());
        verifier.key = std::move(*key);
    }
    if (!arguments.trust.empty()) {
        auto trust = policy::Trust::load(arguments.trust, arguments.identity, arguments.issuer);
        if (!trust) return std::unexpected(trust.error());
        verifier.trust = std::move(*trust);
        if (auto done = limit_trust(arguments, *verifier.trust); !done) {
            return std::unexpected(done.error());
        }
    } else if (!arguments.identity.empty() || !arguments.issuer.empty() ||
               !arguments.ct_log_key.empty() || !arguments.crl.empty()) {
        return fail(ErrorCode::invalid_argument,
                    "--identity, --issuer, --ct-log-key and --crl need --trust", {},
                    "give the authority's certificate");
    }
    if (!arguments.tsa.empty()) {
        if (!verifier.any()) {
            return fail(ErrorCode::invalid_argument, "--tsa needs --trust or --verify-key", {},
                        "a time stamp tells when something was signed, and not that it counts");
        }
        auto stamps = policy::StampAuthority::load(arguments.tsa);
        if (!stamps) return std::unexpected(stamps.error());
        verifier.stamps = std::move(*stamps);
    }
    if (!arguments.log_key.empty()) {
        if (!verifier.any()) {
            return fail(ErrorCode::invalid_argument, "--log-key needs --trust or --verify-key", {},
                        "a log tells when something was signed, and not that it counts");
        }
        auto log = policy::LogKey::load(arguments.log_key);
        if (!log) return std::unexpected(log.error());
        verifier.log = std::move(*log);
    }
    return verifier;
}

Result<Beside> read_beside(const GateArguments& arguments,
                           const std::vector<policy::Policy>& policies, std::int64_t now,
                           Sandbox& sandbox, ToldWords& words) {
    Beside beside;
    beside.settings.now = now;
    beside.settings.fail_on = severity_from(arguments.fail_on);
    beside.settings.only_own_layers = arguments.only_own_layers;
    if (!arguments.baseline.empty()) {
        auto baseline =
            read_inside(sandbox, [&] { return policy::load_baseline(arguments.baseline); });
        if (!baseline) return std::unexpected(baseline.error());
        beside.settings.baseline = std::move(*baseline);
    }
    if (!arguments.since.empty() && arguments.scan.no_store) {
        return fail(ErrorCode::invalid_argument, "--since asks a store, and --no-store uses none", {},
                    "leave one of them out, or give --baseline FILE");
    }
    auto verifier = read_verifier(arguments);
    if (!verifier) return std::unexpected(verifier.error());
    beside.verifier = std::move(*verifier);
    if (!arguments.since.empty()) {
        auto since = read_since(arguments.scan.options.store_path, arguments.since, policies,
                                beside.verifier.any(), now);
        if (!since) return std::unexpected(since.error());
        beside.settings.baseline.merge(since->identities);
        beside.warnings = std::move(since->warnings);
    }
    if (!arguments.base.empty()) {
        const Options& options = arguments.scan.options;
        registry::Remote remote(options.registries);
        Result<std::vector<policy::BaseImage>> bases;
        const auto read = [&] {
            bases = policy::read_base(arguments.base, options.platform, &remote);
        };
        // What asks a registry opens sockets.
        if (source::is_remote_target(arguments.base)) read();
        else sandbox.run(read);
        if (!bases) return std::unexpected(bases.error());
        beside.bases = std::move(*bases);
    }
    beside.known = policy::known_bases();
    if (!arguments.known_bases.empty()) {
        auto known =
            read_inside(sandbox, [&] { return policy::load_known_bases(arguments.known_bases); });
        if (!known) return std::unexpected(known.error());
        words.clean(policy::told_texts(*known));
        beside.known.insert(beside.known.end(), std::make_move_iterator(known->begin()),
                            std::make_move_iterator(known->end()));
    }
    if (!arguments.manifest.empty()) {
        auto manifest = read_inside(sandbox, [&] {
            return policy::load_manifest(
                arguments.manifest, [&](std::string_view text) { return words.cleaned(text); });
        });
        if (!manifest) return std::unexpected(manifest.error());
        beside.manifest = std::move(*manifest);
    }
    return beside;
}

void tell_base(const policy::GateReport& gate) {
    for (const policy::TargetVerdict& target : gate.targets) {
        if (target.report->image.kind != "image" || target.base_layers >= 0) continue;
        complain(target.report->target + ": which layers are a base's is not proved by checked "
                 "digests: every layer counts as its own (give --base TARGET or --known-bases FILE)");
    }
}

int gate(GateArguments& arguments) {
    const auto now = moment(arguments.at);
    if (!now) return complain(now.error().message());
    auto sandbox = Sandbox::create(arguments.scan.options.sandbox);
    if (!sandbox) return complain(sandbox.error().message());
    ToldWords words(**sandbox);
    auto policies = load_policies(arguments.policies, **sandbox, words);
    if (!policies) return complain(words.message(policies.error()));
    auto suppressions = read_inside(
        **sandbox, [&] { return policy::load_suppressions(arguments.suppressions, *now); });
    if (!suppressions) return complain(words.message(suppressions.error()));
    words.clean(policy::told_texts(*suppressions));
    if (auto taken = take_password(arguments.scan); !taken) {
        return complain(taken.error().message());
    }
    auto beside = read_beside(arguments, *policies, *now, **sandbox, words);
    if (!beside) return complain(words.message(beside.error()));
    policy::GateSettings& settings = beside->settings;
    Result<Report> report;
    settings.base = [&](const TargetReport& one) {
        if (one.image.kind != "image") return policy::ProvedBase{};
        auto proved = policy::proved_base(
            one, beside->bases.empty() ? policy::annotated_bases(one, *report) : beside->bases);
        return proved.layers >= 0 ? proved : policy::proved_base(one, beside->known);
    };
    if (beside->verifier.any()) {
        settings.signature = [&](const TargetReport& one) {
            return policy::check_signatures(one.facts->subjects, one.facts->attachments,
                                            beside->verifier, settings.now);
        };
    }
    arguments.scan.options.facts = true;
    report = run_scan(arguments.scan);
    if (!report) return complain(words.message(report.error()));
    // What is suppressed is marked where the report tells findings and programs, too; what
    // matches nothing is told by the gate, which knows the checks.
    policy::suppress(*report, *suppressions);
    policy::GateReport verdict;
    // It reads signatures and certificates that came with the images.
    (*sandbox)->run([&] {
        verdict = policy::judge(*report, std::move(*policies), std::move(*suppressions), settings);
    });
    verdict.warnings.insert(verdict.warnings.begin(), beside->warnings.begin(),
                            beside->warnings.end());
    if (beside->manifest) policy::add_manifest(verdict, std::move(*beside->manifest));
    const bool asked = !arguments.base.empty() || arguments.only_own_layers;
    if (asked && !arguments.scan.quiet) tell_base(verdict);
    const Form& form = arguments.scan.form;
    if (!write_output(form.output, written(*report, form, &verdict))) return exit_failed;
    return exit_code_of(verdict.verdict);
}

void add_options(CLI::App& command, GateArguments& arguments) {
    add_scan_run(command, arguments.scan, report::format_names(), false);
    command.add_option("-p,--policy", arguments.policies,
                       "Policies, by name (see `stratascan policies list`) or as files; several\n"
                       "with commas (default: default)")
        ->delimiter(',')
        ->allow_extra_args(false);
    command.add_option("--fail-on", arguments.fail_on,
                       "Fail on checks of this severity or worse, must and should alike: info,\n"
                       "low, medium, high or critical (default: on every must)")
        ->check(CLI::IsMember({"info", "low", "medium", "high", "critical"}));
    command.add_option("--suppressions", arguments.suppressions,
                       "What is let pass for a while (default: .stratascan.toml, if it is here)");
    command.add_option("--baseline", arguments.baseline,
                       "An earlier JSON report, of scan or gate: what stands in it does not fail");
    command.add_option("--since", arguments.since,
                       "An image that the store knows, by digest, repository:tag or file: what it\n"
                       "had does not fail");
    command.add_option("--base", arguments.base,
                       "The image that the targets were built on, as a target: tells its layers\n"
                       "from their own by checked digests");
    command.add_option("--known-bases", arguments.known_bases,
                       "A table of base images by their layers' digests, beside the one that the\n"
                       "program carries (patterns/known-bases.py writes it)");
    command.add_flag("--only-own-layers", arguments.only_own_layers,
                     "What a base's layers bring is told and does not fail. The base is that of\n"
                     "--base, one of the targets that the image's annotation names, or a known one");
    command.add_option("--verify-key", arguments.verify_key,
                       "A public key or certificate in PEM: images must be signed by it (cosign,\n"
                       "Sigstore bundles, Notary in JWS and COSE)");
    command.add_option("--trust", arguments.trust,
                       "Certificates of authorities in PEM: images must be signed under a\n"
                       "certificate that leads to one of them and was valid then");
    command.add_option("--identity", arguments.identity,
                       "Whose certificate: a pattern of its e-mail address, URI, DNS name or\n"
                       "subject (CN=…,O=…); '**' for anyone's");
    command.add_option("--issuer", arguments.issuer,
                       "Who vouched for the identity: the URL of an OpenID provider, as Fulcio\n"
                       "writes it into certificates");
    command.add_option("--log-key", arguments.log_key,
                       "The public key of a transparency log (Rekor) in PEM: only signatures count\n"
                       "that it has taken in, and a certificate must have been valid then");
    command.add_option("--tsa", arguments.tsa,
                       "Certificates of time stamping authorities in PEM: what they stamped was\n"
                       "signed by then, so a certificate must have been valid then, and not now");
    command.add_option("--ct-log-key", arguments.ct_log_key,
                       "The public key of a certificate transparency log in PEM: only certificates\n"
                       "count that carry its promise");
    command.add_option("--crl", arguments.crl,
                       "Lists of revoked certificates in PEM: without one of the signer's issuer,\n"
                       "in force, no certificate counts (default: revocation is not checked)");
    command.add_option("--manifest", arguments.manifest,
                       "A Forge app's manifest.yml: is it eligible for Runs on Atlassian?");
    command.add_option("--at", arguments.at, "Judge ages as of this day (default: today)");
}

}  // namespace

void add_gate_command(CLI::App& app, int& code) {
    auto arguments = std::make_shared<GateArguments>();
    CLI::App* const command = app.add_subcommand(
        "gate", "Scan images and say whether they may be pushed, with every reason");
    command->footer("Exit codes: 0 pass, 1 fail, 2 not everything could be judged, 3 it could not "
                    "run.");
    add_options(*command, *arguments);
    command->callback([arguments, &code] {
        if (arguments->policies.empty()) arguments->policies = {"default"};
        code = gate(*arguments);
    });
}

}  // namespace stratascan::cli
