// Where an image comes from: its age, base, build, signatures and statements, asked on images
// made for it.
#include <gtest/gtest.h>

#include "scanner/layer/fact_spotter.hpp"
#include "tests/support/policy_subject.hpp"

namespace {

using namespace stratascan;
using layer::FactKind;
using policy::Outcome;
using test::MadeUpImage;

TEST(AgeChecks, DatesThatCantBeAreNotBelieved) {
    MadeUpImage image;
    EXPECT_EQ(image.outcome("image-age"), Outcome::pass);
    image.facts.created = "2025-11-01T00:00:00Z";
    EXPECT_EQ(image.outcome("image-age"), Outcome::fail);
    EXPECT_EQ(image.outcome("image-age", {{"days", std::int64_t{400}}}), Outcome::pass);
    for (const char* created : {"", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z",
                                "2099-01-01T00:00:00Z", "1980-01-01T00:00:01Z", "yesterday"}) {
        image.facts.created = created;
        EXPECT_EQ(image.outcome("image-age"), Outcome::unknown) << created;
    }
    image.facts.newest_mtime = *policy::read_date("2025-01-01");
    EXPECT_EQ(image.outcome("image-age"), Outcome::fail) << "by its newest file";
    image.facts.labels["org.opencontainers.image.created"] = "2026-05-30T00:00:00+02:00";
    EXPECT_EQ(image.outcome("image-age"), Outcome::pass) << "by a label";
    image.step("RUN old").created = "2024-01-01T00:00:00Z";
    EXPECT_EQ(image.outcome("image-age"), Outcome::fail) << "by its newest step";
}

TEST(AgeChecks, BasesAgeNeedsTheBase) {
    MadeUpImage image;
    image.step("ADD rootfs", 0).created = "2024-01-01T00:00:00Z";
    image.step("COPY app", 1).created = "2026-05-01T00:00:00Z";
    EXPECT_EQ(image.outcome("base-age"), Outcome::unknown);
    image.base_layers = 1;
    EXPECT_EQ(image.outcome("base-age"), Outcome::fail);
    image.base_layers = 2;
    EXPECT_EQ(image.outcome("base-age"), Outcome::pass);
    image.base_layers = 0;
    EXPECT_EQ(image.outcome("base-age"), Outcome::not_applicable);
}

TEST(OriginChecks, NamesThatMove) {
    MadeUpImage image;
    EXPECT_EQ(image.outcome("reference-pinned"), Outcome::not_applicable);
    for (const char* name : {"latest", "app:latest", "registry.example:5000/app"}) {
        image.report.image.names = {name};
        EXPECT_EQ(image.outcome("reference-pinned"), Outcome::fail) << name;
    }
    for (const char* name : {"1.2", "app:1.2", "registry.example:5000/app:1"}) {
        image.report.image.names = {name};
        EXPECT_EQ(image.outcome("reference-pinned"), Outcome::pass) << name;
        EXPECT_EQ(image.outcome("reference-pinned", {{"digest", true}}), Outcome::fail) << name;
    }
    image.report.target = "registry.example/app@sha256:" + std::string(64, '0');
    EXPECT_EQ(image.outcome("reference-pinned", {{"digest", true}}), Outcome::pass);
}

TEST(OriginChecks, BaseByAnnotationAndProvenance) {
    MadeUpImage image;
    EXPECT_EQ(image.outcome("base-pinned"), Outcome::unknown);
    EXPECT_EQ(image.outcome("base-trusted"), Outcome::unknown);
    image::Attachment attached;
    image::AttachedBlob blob;
    blob.predicate_type = "https://slsa.dev/provenance/v0.2";
    blob.bytes = R"({"predicate":{"materials":[{"uri":"pkg:docker/debian@12","digest":{"sha256":"a"}},)"
                 R"({"uri":"pkg:docker/alpnie@3"}]}})";
    attached.blobs.push_back(blob);
    image.facts.attachments.push_back(attached);
    EXPECT_EQ(image.outcome("base-pinned"), Outcome::fail);
    image.facts.attachments[0].blobs[0].predicate_type = "https://slsa.dev/provenance/v1";
    image.facts.attachments[0].blobs[0].bytes =
        R"({"predicate":{"buildDefinition":{"resolvedDependencies":[)"
        R"({"uri":"pkg:docker/debain@12","digest":{"sha256":"a"}}]}}})";
    EXPECT_EQ(image.outcome("base-pinned"), Outcome::pass);
    EXPECT_EQ(image.outcome("base-trusted"), Outcome::fail) << "debain is not debian";
    image.facts.annotations["org.opencontainers.image.base.name"] = "docker.io/library/debian:12";
    EXPECT_EQ(image.outcome("base-trusted"), Outcome::not_applicable) << "no list";
    const policy::Setting list = std::vector<std::string>{"ghcr.io/ours/**"};
    EXPECT_EQ(image.outcome("base-trusted", {{"bases", list}}), Outcome::fail);
    image.facts.annotations["org.opencontainers.image.base.name"] = "ghcr.io/ours/base/x:1";
    EXPECT_EQ(image.outcome("base-trusted", {{"bases", list}}), Outcome::pass);
    image.facts.annotations["org.opencontainers.image.base.digest"] = "sha256:0123";
    image.facts.attachments.clear();
    EXPECT_EQ(image.outcome("base-pinned"), Outcome::pass);
}

TEST(OriginChecks, MinimalBases) {
    MadeUpImage scratch;
    EXPECT_EQ(scratch.outcome("base-minimal"), Outcome::pass);
    MadeUpImage alpine;
    alpine.document(layer::DocumentKind::os_release, "etc/os-release", "ID=alpine\n");
    alpine.fact(FactKind::package_database, "lib/apk/db/installed", "apk");
    EXPECT_EQ(alpine.outcome("base-minimal"), Outcome::pass);
    MadeUpImage debian;
    debian.document(layer::DocumentKind::os_release, "usr/lib/os-release",
                    "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n");
    debian.fact(FactKind::package_database, "var/lib/dpkg/status", "dpkg");
    EXPECT_EQ(debian.outcome("base-minimal"), Outcome::fail);
    MadeUpImage distroless;
    distroless.document(layer::DocumentKind::os_release, "usr/lib/os-release",
                        "PRETTY_NAME=\"Distroless\"\nID=debian\n");
    distroless.fact(FactKind::package_database, "var/lib/dpkg/status.d/base", "dpkg status.d");
    EXPECT_EQ(distroless.outcome("base-minimal"), Outcome::pass);
    distroless.fact(FactKind::package_database, "var/lib/dpkg/status", "dpkg");
    EXPECT_EQ(distroless.outcome("base-minimal"), Outcome::fail) << "it says so, and is not";
}

TEST(BuildChecks, WhatStepsSay) {
    MadeUpImage image;
    for (const char* check : {"remote-add", "unverified-downloads", "copy-all"}) {
        EXPECT_EQ(image.outcome(check), Outcome::unknown) << check << ": no history";
    }
    image.step("/bin/sh -c #(nop) ADD file:abc in / ", 0);
    EXPECT_EQ(image.outcome("remote-add"), Outcome::pass) << "the base's own";
    image.step("RUN /bin/sh -c apt-get update && apt-get install -y x # buildkit");
    EXPECT_EQ(image.outcome("package-caches"), Outcome::pass);
    image.step("ADD https://example.org/x.tar /x # buildkit");
    EXPECT_EQ(image.outcome("remote-add"), Outcome::fail);
    EXPECT_EQ(image.outcome("unverified-downloads"), Outcome::pass);
    image.step("RUN /bin/sh -c curl -fsSL https://example.org/i.sh | bash # buildkit");
    EXPECT_EQ(image.outcome("unverified-downloads"), Outcome::fail);
    image.step("RUN /bin/sh -c apt-get update # buildkit");
    EXPECT_EQ(image.outcome("package-caches"), Outcome::fail);
    for (const char* step : {"RUN wget --no-check-certificate https://example.org/x",
                             "RUN apt-get install --allow-unauthenticated x",
                             "RUN wget -qO- https://example.org/i.sh | sh"}) {
        MadeUpImage one;
        one.step(step);
        EXPECT_EQ(one.outcome("unverified-downloads"), Outcome::fail) << step;
    }
    for (const char* step : {"RUN apt-get update && apt-get dist-upgrade -y", "RUN apk update"}) {
        MadeUpImage one;
        one.step(step);
        EXPECT_EQ(one.outcome("package-caches"), Outcome::fail) << step;
    }
    MadeUpImage careless;
    careless.step("RUN chmod -R 777 /app");
    EXPECT_EQ(careless.outcome("unverified-downloads"), Outcome::fail);
    EXPECT_EQ(careless.outcome("copy-all"), Outcome::not_applicable);
    careless.step("COPY . /app # buildkit", 1);
    EXPECT_EQ(careless.outcome("copy-all"), Outcome::pass);
    careless.fact(FactKind::environment_file, "app/.env");
    EXPECT_EQ(careless.outcome("copy-all"), Outcome::fail);
}

TEST(BuildChecks, LabelsAndResources) {
    MadeUpImage image;
    EXPECT_EQ(image.outcome("labels"), Outcome::fail);
    for (const char* key : {"title", "description", "source", "revision", "licenses"}) {
        image.facts.annotations[std::string("org.opencontainers.image.") + key] = "x";
    }
    EXPECT_EQ(image.outcome("labels"), Outcome::pass);
    EXPECT_EQ(image.outcome("resource-limits"), Outcome::fail);
    image.facts.labels["org.opencontainers.image.resource.cpu"] = "500m";
    image.facts.labels["resource.memory"] = "256Mi";
    EXPECT_EQ(image.outcome("resource-limits"), Outcome::pass);
    for (const char* bad : {"much", "1.2.3", "Mi", "5e", "12 Mi", "-1"}) {
        image.facts.labels["resource.memory"] = bad;
        EXPECT_EQ(image.outcome("resource-limits"), Outcome::fail) << bad;
    }
    for (const char* good : {"1", "0.5", "1e3", "64k", "1Gi"}) {
        image.facts.labels["resource.memory"] = good;
        EXPECT_EQ(image.outcome("resource-limits"), Outcome::pass) << good;
    }
}

struct AboutAttached {
    const char *check, *artifact, *media, *predicate;
};

class AttachedCheck : public testing::TestWithParam<AboutAttached> {};

TEST_P(AttachedCheck, PresenceIsToldAndIsNoValidity) {
    const auto& [check, artifact, media, predicate] = GetParam();
    MadeUpImage image;
    EXPECT_EQ(image.outcome(check), Outcome::unknown) << "an archive may be without them";
    image.facts.attachments_complete = true;
    EXPECT_EQ(image.outcome(check), Outcome::fail) << "a registry was asked";
    image::Attachment attached;
    attached.artifact_type = artifact;
    image::AttachedBlob blob;
    blob.media_type = media;
    blob.predicate_type = predicate;
    attached.blobs.push_back(blob);
    image.facts.attachments.push_back(attached);
    const policy::Answer answer = image.ask(check);
    EXPECT_EQ(answer.outcome, Outcome::pass);
    EXPECT_NE(answer.reason.find("validity was not checked"), std::string::npos) << answer.reason;
    image.report.image.kind = "directory";
    EXPECT_EQ(image.outcome(check), Outcome::not_applicable);
}

INSTANTIATE_TEST_SUITE_P(
    Forms, AttachedCheck,
    testing::Values(
        AboutAttached{"signed", "", "application/vnd.dev.cosign.simplesigning.v1+json", ""},
        AboutAttached{"signed", "application/vnd.dev.sigstore.bundle.v0.3+json", "", ""},
        AboutAttached{"signed", "application/vnd.cncf.notary.signature", "", ""},
        AboutAttached{"sbom", "", "application/vnd.in-toto+json", "https://spdx.dev/Document"},
        AboutAttached{"sbom", "", "", "https://cyclonedx.org/bom"},
        AboutAttached{"sbom", "application/spdx+json", "", ""},
        AboutAttached{"provenance", "", "", "https://slsa.dev/provenance/v0.2"},
        AboutAttached{"provenance", "", "", "https://slsa.dev/provenance/v1"},
        AboutAttached{"vex", "", "", "https://openvex.dev/ns/v0.2.0"}));

TEST(AttachedChecks, AKeySettlesWhetherItIsSigned) {
    MadeUpImage image;
    image.signature = {true, false, "no signature holds under the key"};
    EXPECT_EQ(image.outcome("signed"), Outcome::fail);
    image.signature = {true, true, "the signature holds"};
    EXPECT_EQ(image.outcome("signed"), Outcome::pass);
}

/// A statement of provenance in the open.
image::AttachedBlob built_by(const std::string& builder, bool whole, const std::string& of) {
    image::AttachedBlob blob;
    blob.digest = "sha256:" + std::string(64, '3');
    blob.predicate_type = "https://slsa.dev/provenance/v0.2";
    blob.bytes = R"({"predicateType":"https://slsa.dev/provenance/v0.2","subject":[{"digest":{"sha256":")" +
                 of + R"("}}],"predicate":{"builder":{"id":")" + builder + R"("})" +
                 (whole ? R"(,"buildConfig":{"llbDefinition":[]})" : "") + "}}";
    return blob;
}

TEST(AttachedChecks, ProvenanceSaysWhoBuiltAndHow) {
    MadeUpImage image;
    const std::string ours(64, 'e');
    image.facts.subjects = {"sha256:" + ours};
    image.facts.attachments.resize(1);
    image.facts.attachments[0].blobs = {built_by("https://ci.example/team/build@v1", false, ours)};
    const auto told = image.ask("provenance");
    EXPECT_EQ(told.outcome, Outcome::pass);
    ASSERT_EQ(told.items.size(), 1U);
    EXPECT_NE(told.items[0].text.find("https://ci.example/team/build@v1"), std::string::npos);
    EXPECT_NE(told.items[0].text.find("mode min"), std::string::npos);
    using Texts = std::vector<std::string>;
    const auto from = [&](const char* builder) {
        return image.outcome("provenance", {{"builders", Texts{builder}}});
    };
    EXPECT_EQ(from("https://ci.example/**"), Outcome::pass);
    EXPECT_EQ(from("https://other.example/**"), Outcome::fail);
    EXPECT_EQ(image.outcome("provenance", {{"mode", std::string("max")}}), Outcome::fail);
    image.facts.attachments[0].blobs = {built_by("https://ci.example/team/build@v1", true, ours)};
    EXPECT_EQ(image.outcome("provenance", {{"mode", std::string("max")}}), Outcome::pass);
    // What speaks of another image says nothing of this one.
    image.facts.attachments[0].blobs = {
        built_by("https://ci.example/team/build@v1", true, std::string(64, 'f'))};
    const auto another = image.ask("provenance");
    EXPECT_EQ(another.outcome, Outcome::fail);
    EXPECT_NE(another.reason.find("another image"), std::string::npos);
}

TEST(AttachedChecks, WhatIsNotSignedIsWorthWhatThePolicySays) {
    MadeUpImage image;
    const std::string ours(64, 'e');
    image.facts.attachments.resize(1);
    image.facts.attachments[0].blobs = {built_by("https://ci.example", true, ours)};
    const auto under = [&](const char* signature) {
        return image.outcome("provenance", {{"signature", std::string(signature)}});
    };
    EXPECT_EQ(under("none"), Outcome::pass);
    EXPECT_EQ(under("present"), Outcome::fail);
    EXPECT_EQ(under("verified"), Outcome::fail);
    // Of several the best proved counts.
    image.facts.attachments[0].blobs.push_back(built_by("https://ci.example", true, ours));
    image.facts.attachments[0].blobs[1].digest = "sha256:" + std::string(64, '4');
    image.signature = {true, false, "", {{"sha256:" + std::string(64, '4'), "under the key"}}, {}};
    const auto best = image.ask("provenance", {{"signature", std::string("verified")}});
    EXPECT_EQ(best.outcome, Outcome::pass) << best.reason;
    EXPECT_NE(best.reason.find("its signature holds under the key"), std::string::npos);
}

TEST(AgeChecks, EveryDateIsToldAndPackagesAreTheLastToBeAsked) {
    MadeUpImage image;
    image.facts.newest_package = *policy::read_date("2026-04-01");
    const auto fresh = image.ask("image-age");
    EXPECT_EQ(fresh.outcome, Outcome::pass);
    ASSERT_EQ(fresh.items.size(), 1U);
    EXPECT_EQ(fresh.items[0].text, "the newest package is of 2026-04-01");
    EXPECT_FALSE(fresh.items[0].counts);
    image.facts.created = "1970-01-01T00:00:00Z";
    const auto by_package = image.ask("image-age");
    EXPECT_EQ(by_package.outcome, Outcome::pass);
    EXPECT_NE(by_package.reason.find("by the newest package"), std::string::npos);
    image.facts.newest_package = *policy::read_date("2024-04-01");
    EXPECT_EQ(image.outcome("image-age"), Outcome::fail);
    image.facts.newest_package = 0;
    EXPECT_EQ(image.outcome("image-age"), Outcome::unknown);
}

// Proved by digests, which the gate does before it asks.
TEST(OriginChecks, WhatItWasBuiltOnIsToldByDigestsBeforeItsOwnWord) {
    MadeUpImage image;
    image.fact(FactKind::package_database, "var/lib/dpkg/status", "dpkg");
    image.facts.labels["org.opencontainers.image.base.name"] = "ours/claimed:1";
    auto told = image.ask("base-minimal");
    ASSERT_EQ(told.items.size(), 2U);
    EXPECT_EQ(told.items[1].text, "it says that it was built on ours/claimed:1");
    EXPECT_FALSE(told.items[1].counts);
    image.base_names = {"debian:trixie"};
    told = image.ask("base-minimal");
    ASSERT_EQ(told.items.size(), 2U);
    EXPECT_EQ(told.items[1].text, "its lowest layers are those of debian:trixie");
    const std::map<std::string, policy::Setting> list = {{"bases", std::vector<std::string>{"debian"}},
                                   {"well_known", std::vector<std::string>{}}};
    EXPECT_EQ(image.ask("base-trusted", list).outcome, Outcome::pass);
    image.base_names.clear();
    EXPECT_EQ(image.ask("base-trusted", list).outcome, Outcome::fail) << "by its own word";
}

}  // namespace
