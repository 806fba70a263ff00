// Facts of layers put together: what is left of them in the final tree, what the config
// says without its secrets, and what is attached to an image.
#include "scanner/image/image_facts.hpp"

#include <gtest/gtest.h>

#include "scanner/image/join.hpp"
#include "tests/support/blobs.hpp"
#include "tests/support/image_builder.hpp"
#include "tests/support/scanning.hpp"

namespace {

using namespace stratascan;
using layer::DocumentKind;
using layer::FactKind;
using test::TarBuilder;

const char* const rules = R"([[rule]]
id = "t"
title = "t"
pattern = 'tok_[a-z0-9]{20}'
)";

std::shared_ptr<const image::GateFacts> gathered(const std::vector<std::string>& tars) {
    test::TestEngine engine(rules);
    std::vector<layer::LayerResult> results;
    source::ImageRef image;
    for (const std::string& tar : tars) {
        results.push_back(engine.scan(tar));
        image.layers.emplace_back();
    }
    std::vector<const layer::LayerResult*> layers;
    for (const auto& result : results) layers.push_back(&result);
    return image::gather_facts(image, layers, {}, {});
}

TEST(GateFacts, OfTheFinalTreeAlone) {
    const auto facts = gathered({
        TarBuilder().file("bin/su", "x", 04755).file("app/.git/HEAD", "x").file("etc/passwd",
            "root:x:0:0::/:/bin/sh\n").add({.name = "srv/", .type = '5', .mode = 0777}).finish(),
        TarBuilder().file("bin/su", "x", 0755).file("app/.wh..git", "").finish(),
        TarBuilder().file("etc/passwd", "app:x:1000:1000::/:/bin/no\n")
            .add({.name = "srv/", .type = '5', .mode = 0755}).finish(),
    });
    ASSERT_EQ(facts->facts.size(), 3U);
    EXPECT_EQ(facts->facts[0].visibility, Visibility::overwritten);
    EXPECT_EQ(facts->facts[0].hidden_by, 1);
    EXPECT_EQ(facts->facts[1].kind, FactKind::version_control);
    EXPECT_EQ(facts->facts[1].visibility, Visibility::deleted);
    EXPECT_EQ(facts->facts[2].kind, FactKind::world_writable_folder);
    EXPECT_EQ(facts->facts[2].visibility, Visibility::overwritten) << "its mode was mended";
    ASSERT_NE(facts->document(DocumentKind::passwd), nullptr);
    EXPECT_EQ(facts->document(DocumentKind::passwd)->text, "app:x:1000:1000:/:/bin/no\n");
    EXPECT_EQ(facts->document(DocumentKind::passwd)->layer_index, 2);
    EXPECT_TRUE(facts->files_known);
}

// A result that was kept without its facts is no layer without setuid files.
TEST(GateFacts, FactsThatWereNotKeptAreNotKnown) {
    test::TestEngine engine(rules);
    layer::LayerResult result = engine.scan(TarBuilder().file("bin/su", "x", 04755).finish());
    source::ImageRef image;
    image.layers.emplace_back();
    EXPECT_TRUE(image::gather_facts(image, {&result}, {}, {})->files_known);
    result.file_facts = {};
    EXPECT_FALSE(image::gather_facts(image, {&result}, {}, {})->files_known);
}

TEST(GateFacts, DeletedAccountsAreGone) {
    const auto facts = gathered({TarBuilder().file("etc/passwd", "a:x:0:0:::\n").finish(),
                                 TarBuilder().file("etc/.wh.passwd", "").finish()});
    EXPECT_EQ(facts->document(DocumentKind::passwd), nullptr);
}

TEST(GateFacts, ConfigWithoutItsSecrets) {
    const std::string secret = "tok_" + std::string(10, 'b') + std::string(10, '4');
    const std::string hidden = "an encoded one";
    source::ImageRef image;
    image.config = nlohmann::json{
        {"created", "2026-01-02T03:04:05Z"},
        {"os", "linux"},
        {"config",
         {{"User", "1000"},
          {"Env", {"HOME=/home/" + secret, "HTTP_PROXY=http://p", "X=y"}},
          {"Labels", {{"l", "has " + secret}}},
          {"Cmd", {"run", "--token", secret}},
          {"Healthcheck", {{"Test", {"CMD", "x"}}}},
          {"ExposedPorts", {{"80/tcp", nlohmann::json::object()}}}}},
        {"history", {{{"created_by", "RUN " + hidden}, {"empty_layer", true}}}}}.dump();
    std::vector<Gap> gaps;
    std::vector<Finding> found;
    for (const image::MetadataText& text : image::metadata_texts(image, gaps)) {
        const std::size_t at = text.text.find(secret);
        Finding finding;
        finding.source = text.source;
        finding.path = text.path;
        finding.redacted = "tok_****";
        if (at != std::string::npos) {
            finding.offset = at;
            finding.length = secret.size();
            found.push_back(finding);
        } else if (text.text.find(hidden) != std::string::npos) {
            finding.inner_path = {"base64"};
            finding.length = 30;
            found.push_back(finding);
        }
    }
    ASSERT_EQ(found.size(), 4U);
    const auto facts = image::gather_facts(image, {}, found, {});
    EXPECT_TRUE(facts->config_known);
    EXPECT_TRUE(facts->docker_form);
    EXPECT_EQ(facts->user, "1000");
    EXPECT_EQ(facts->env.at("HOME"), "/home/tok_****");
    EXPECT_EQ(facts->env.count("X"), 0U) << "values that no check asks for are not kept";
    EXPECT_EQ(facts->labels.at("l"), "has tok_****");
    EXPECT_EQ(facts->command.words.back(), "tok_****");
    EXPECT_EQ(facts->ports, std::vector<std::string>{"80/tcp"});
    ASSERT_EQ(facts->history.size(), 1U);
    EXPECT_EQ(facts->history[0].created_by, "[withheld: holds a secret]");
}

TEST(Attachments, ByLabelSubjectAndTag) {
    const std::string subject = "sha256:" + std::string(64, 'a');
    std::vector<source::ImageRef> images(6);
    images[0].digest = subject;
    images[1].kind = "attestation";
    images[1].annotations["vnd.docker.reference.digest"] = subject;
    images[1].layers.emplace_back();
    images[1].layers[0].annotations["in-toto.io/predicate-type"] = "https://spdx.dev/Document";
    images[2].kind = "artifact";
    images[2].manifest = R"({"artifactType":"application/vnd.cncf.notary.signature","subject":)"
                         R"({"digest":")" + subject + R"("}})";
    images[3].kind = "image";  // cosign's manifests have an image's config
    images[3].names = {"sha256-" + std::string(64, 'a') + ".sig"};
    images[4].names = {"app:sha256-" + std::string(64, 'a') + "-old"};
    images[5].annotations["vnd.docker.reference.digest"] = subject;  // labelled, but an image
    images[5].kind = "image";
    const auto found = image::find_attachments(images, [](const auto&) { return nullptr; });
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[0].blobs[0].predicate_type, "https://spdx.dev/Document");
    EXPECT_EQ(found[1].artifact_type, "application/vnd.cncf.notary.signature");
    EXPECT_EQ(found[2].tag, images[3].names[0]);
    for (const auto& one : found) EXPECT_EQ(one.subject, subject);
}

TEST(Attachments, BytesOnlyWhereTheyAreWhatTheyClaim) {
    const std::string statement = R"({"predicateType":"https://slsa.dev/provenance/v1"})";
    std::vector<source::ImageRef> images(1);
    images[0].kind = "attestation";
    images[0].annotations["vnd.docker.reference.digest"] = "sha256:x";
    images[0].layers.resize(3);
    images[0].layers[0].digest = test::sha256(statement);
    images[0].layers[1].digest = test::sha256("something else");
    images[0].layers[2].digest = test::sha256(statement);
    images[0].layers[2].size = 1 << 30;
    const auto found = image::find_attachments(
        images, [&](const auto&) { return test::blob_of(statement); });
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].blobs[0].bytes, statement);
    EXPECT_EQ(found[0].blobs[0].predicate_type, "https://slsa.dev/provenance/v1");
    EXPECT_EQ(found[0].blobs[1].bytes, "");
    EXPECT_EQ(found[0].blobs[2].bytes, "");
}

}  // namespace
