// An image's config and manifest as texts, its build steps, and its layers'
// results joined into one report.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "scanner/image/document.hpp"
#include "scanner/image/join.hpp"

namespace {

using namespace stratascan;
using image::build_steps;
using image::join;
using image::metadata_texts;
using image::MetadataText;
using layer::LayerResult;
using nlohmann::json;
using source::ImageRef;
using source::LayerRef;

// Assembled, so that no scanner takes this file's values for secrets.
const std::string password = std::string("hunter") + "-Zwei-" + "4711";

json config_of(json history) {
    return {{"created", "2024-05-01T10:00:00Z"},
            {"architecture", "amd64"},
            {"os", "linux"},
            {"config",
             {{"Env", {"PATH=/usr/bin", "DB_PASSWORD=" + password}},
              {"Labels", {{"maintainer", "someone"}}},
              {"Entrypoint", {"/app", "--password", password}},
              {"Cmd", {"serve"}},
              {"Healthcheck", {{"Test", {"CMD", "curl", "localhost"}}}},
              {"WorkingDir", "/srv"}}},
            {"history", std::move(history)}};
}

ImageRef image_with(json config, std::size_t layers) {
    ImageRef image;
    image.digest = "sha256:" + std::string(64, 'a');
    image.config_digest = "sha256:" + std::string(64, 'c');
    image.config = config.dump();
    for (std::size_t i = 0; i < layers; ++i) {
        LayerRef layer;
        layer.digest = "sha256:" + std::string(63, '0') + std::to_string(i);
        layer.size = 100;
        image.layers.push_back(layer);
    }
    return image;
}

LayerResult result_for(const LayerRef& layer) {
    LayerResult result;
    result.digest = layer.digest;
    result.compressed_bytes = 100;
    result.bytes = 1024;
    result.files = 1;
    return result;
}

layer::LayerFinding finding_at(std::string path, std::uint32_t ordinal) {
    layer::LayerFinding found;
    found.finding.rule = "some-rule";
    found.finding.path = std::move(path);
    found.ordinal = ordinal;
    return found;
}

const MetadataText* text_at(const std::vector<MetadataText>& texts, std::string_view path) {
    const auto found = std::find_if(texts.begin(), texts.end(), [path](const MetadataText& text) {
        return text.path == path;
    });
    return found == texts.end() ? nullptr : &*found;
}

std::vector<MetadataText> texts_of(const ImageRef& image) {
    std::vector<Gap> gaps;
    return metadata_texts(image, gaps);
}

TEST(Metadata, EveryMemberIsATextUnderItsOwnName) {
    const auto texts = texts_of(image_with(config_of({{{"created_by", "RUN x"}}}), 1));
    struct Expected {
        const char* path;
        Source source;
        std::string text;
    };
    const std::vector<Expected> expected = {
        {"config.Env[1]", Source::env, "DB_PASSWORD=" + password},
        {"config.Labels[\"maintainer\"]", Source::label, "maintainer=someone"},
        {"config.Entrypoint", Source::entrypoint, "/app --password " + password},
        {"config.Cmd", Source::command, "serve"},
        {"config.Healthcheck.Test", Source::healthcheck, "CMD curl localhost"},
        {"history[0].created_by", Source::history, "RUN x"}};
    for (const Expected& one : expected) {
        const MetadataText* text = text_at(texts, one.path);
        ASSERT_NE(text, nullptr) << one.path;
        EXPECT_EQ(text->source, one.source) << one.path;
        EXPECT_EQ(text->text, one.text) << one.path;
    }
    const MetadataText* rest = text_at(texts, "config");
    ASSERT_NE(rest, nullptr);
    EXPECT_NE(rest->text.find("/srv"), std::string::npos);
    EXPECT_EQ(rest->text.find(password), std::string::npos) << "taken out, not doubled";
}

TEST(Metadata, DocumentsBesideTheConfigAreTextsAndWhatIsRepeatedIsNot) {
    using Form = source::SideDocument::Form;
    ImageRef image = image_with(config_of(json::array()), 2);
    image.layers[1].created_by = "RUN make";
    const json below = {{"id", "b"},
                        {"config", {{"Env", {"DB_PASSWORD=" + password, "OLD=" + password}}}},
                        {"container_config",
                         {{"Env", {"OLD=" + password}}, {"Cmd", {"RUN", "make"}}}}};
    image.documents = {
        {Form::layer_json, "b/json", below.dump(), 1},
        {Form::text, "b/VERSION", "1.0", 1},
        {Form::text, "notes", "{no JSON", -1},
        {Form::index, "index.json",
         json{{"annotations", {{"note", password}}},
              {"manifests", {{{"annotations", {{"n", password}}}, {"x", "kept"}}}}}
             .dump(),
         -1},
        {Form::container, "compression", "{}", -1}};
    const auto texts = texts_of(image);
    const MetadataText* old = text_at(texts, "b/json: config.Env[1]");
    ASSERT_NE(old, nullptr);
    EXPECT_EQ(old->source, Source::env);
    EXPECT_EQ(old->layer_index, 1);
    EXPECT_EQ(text_at(texts, "b/json: config.Env[0]"), nullptr) << "the config says it";
    EXPECT_EQ(text_at(texts, "b/json: container_config.Env[0]"), nullptr) << "it was just said";
    EXPECT_EQ(text_at(texts, "b/json: container_config.Cmd"), nullptr) << "it is the build step";
    ASSERT_NE(text_at(texts, "layers[1].created_by"), nullptr);
    EXPECT_EQ(text_at(texts, "layers[1].created_by")->text, "RUN make");
    ASSERT_NE(text_at(texts, "b/VERSION"), nullptr);
    EXPECT_EQ(text_at(texts, "b/VERSION")->text, "1.0");
    ASSERT_NE(text_at(texts, "notes"), nullptr);
    EXPECT_EQ(text_at(texts, "notes")->text, "{no JSON");
    ASSERT_NE(text_at(texts, "index.json"), nullptr);
    EXPECT_NE(text_at(texts, "index.json")->text.find("kept"), std::string::npos);
    EXPECT_EQ(text_at(texts, "index.json")->text.find(password), std::string::npos)
        << "annotations are with the images that they are about";
    ASSERT_NE(text_at(texts, "compression"), nullptr);
    EXPECT_EQ(text_at(texts, "compression")->source, Source::trailer);
}

TEST(Metadata, ABuildStepOfALayerIsScannedWhateverTheConfigIs) {
    for (const char* config : {"", "no JSON", R"({"history":[]})", "{}"}) {
        ImageRef image = image_with(json::object(), 1);
        image.config = config;
        image.layers[0].created_by = "RUN login " + password;
        const auto texts = texts_of(image);
        ASSERT_NE(text_at(texts, "layers[0].created_by"), nullptr) << config;
        EXPECT_EQ(text_at(texts, "layers[0].created_by")->layer_index, 0);
        std::vector<std::string> notes;
        EXPECT_EQ(build_steps(image, notes).at(0), image.layers[0].created_by) << config;
    }
}

TEST(Join, StraysAreFilesOfTheirOwnUnderTheirNames) {
    ImageRef image = image_with(json::object(), 2);
    image.kind = "stray";
    image.config.clear();
    image.layers[0].name = "notes.txt";
    image.layers[1].name = "blobs/x";
    LayerResult text = result_for(image.layers[0]);
    text.is_archive = false;
    text.findings.push_back(finding_at("", 0));
    LayerResult tar = result_for(image.layers[1]);
    tar.findings.push_back(finding_at("etc/passwd", 0));
    const TargetReport report = join("t", image, {&text, &tar}, {}, false);
    EXPECT_TRUE(report.coverage.complete);
    ASSERT_EQ(report.findings.size(), 2U);
    EXPECT_EQ(report.findings[0].path, "notes.txt");
    EXPECT_EQ(report.findings[0].source, Source::file);
    EXPECT_EQ(report.findings[1].path, "etc/passwd");
    EXPECT_EQ(report.layers.at(1).path, "blobs/x");
}

TEST(Metadata, ManifestAnnotationsAndEmbeddedDataAreTexts) {
    ImageRef image = image_with(json::object(), 1);
    image.kind = "attestation";
    image.manifest = json{{"schemaVersion", 2},
                          {"annotations", {{"note", password}}},
                          {"config", {{"data", "e30="}, {"annotations", {{"k", "v"}}}}},
                          {"layers", {{{"annotations", {{"predicate", "slsa"}}}}}}}
                         .dump();
    image.annotations = {{"vnd.ref", "x"}};
    const auto texts = texts_of(image);
    ASSERT_NE(text_at(texts, "annotations[\"note\"]"), nullptr);
    EXPECT_EQ(text_at(texts, "annotations[\"note\"]")->text, "note=" + password);
    EXPECT_EQ(text_at(texts, "annotations[\"note\"]")->source, Source::annotation);
    ASSERT_NE(text_at(texts, "manifest.config.data"), nullptr);
    EXPECT_EQ(text_at(texts, "manifest.config.data")->text, "{}");
    EXPECT_NE(text_at(texts, "layers[0].annotations[\"predicate\"]"), nullptr);
    EXPECT_NE(text_at(texts, "index.annotations[\"vnd.ref\"]"), nullptr);
    EXPECT_NE(text_at(texts, "manifest"), nullptr);
}

TEST(Metadata, WhatHasAnUnexpectedTypeIsInTheRest) {
    ImageRef image = image_with({{"config", {{"Env", {1, "A=b", {{"deep", password}}}},
                                             {"Labels", {{"n", {password + "2"}}}},
                                             {"Cmd", password + "3"}}},
                                 {"history", password + "4"}},
                                0);
    std::string all;
    for (const MetadataText& text : texts_of(image)) all += text.text + "\n";
    for (const char* suffix : {"", "2", "3", "4"}) {
        EXPECT_NE(all.find(password + suffix), std::string::npos) << suffix;
    }
    EXPECT_NE(text_at(texts_of(image), "config.Env[1]"), nullptr);
}

TEST(Metadata, AMemberThatARepeatedKeyHidesIsScannedToo) {
    ImageRef image;
    image.config = R"({"config":{"Env":["A=)" + password + R"("]},"config":{}})";
    std::string all;
    for (const MetadataText& text : texts_of(image)) all += text.text;
    EXPECT_NE(all.find(password), std::string::npos);
}

TEST(Metadata, TheContainersSettingsAreNotReportedTwice) {
    json config = config_of(json::array());
    config["container_config"] = config["config"];
    config["container_config"]["Env"].push_back("ONLY_HERE=1");
    const auto texts = texts_of(image_with(config, 0));
    EXPECT_NE(text_at(texts, "container_config.Env[2]"), nullptr);
    EXPECT_EQ(text_at(texts, "container_config.Env[1]"), nullptr);
}

TEST(Metadata, BrokenJsonIsScannedAsPlainTextAndIsAGap) {
    for (const std::string& broken :
         {std::string("{\"config\": "), std::string(100, '['), std::string("{}x"),
          "[" + std::string(500'000, ',') + "]", std::string(5U << 20U, ' ')}) {
        ImageRef image;
        image.config = broken;
        std::vector<Gap> gaps;
        const auto texts = metadata_texts(image, gaps);
        ASSERT_EQ(texts.size(), 1U);
        EXPECT_EQ(texts[0].text, broken);
        ASSERT_EQ(gaps.size(), 1U);
        EXPECT_EQ(gaps[0].path, "config");
    }
}

TEST(BuildSteps, EmptyLayersAreSkipped) {
    ImageRef image = image_with(config_of({{{"created_by", "ADD rootfs /"}},
                                           {{"created_by", "ENV X=1"}, {"empty_layer", true}},
                                           {{"created_by", "RUN make"}, {"empty_layer", false}},
                                           {{"comment", "no step"}}}),
                                3);
    std::vector<std::string> notes;
    EXPECT_EQ(build_steps(image, notes),
              (std::vector<std::string>{"ADD rootfs /", "RUN make", ""}));
    EXPECT_TRUE(notes.empty());
    const auto texts = texts_of(image);
    EXPECT_EQ(text_at(texts, "history[1].created_by")->layer_index, -1);
    EXPECT_EQ(text_at(texts, "history[2].created_by")->layer_index, 1);
}

TEST(BuildSteps, ACountThatDoesNotFitIsNoted) {
    std::vector<std::string> notes;
    const ImageRef more = image_with(config_of({{{"created_by", "a"}}, {{"created_by", "b"}}}), 1);
    EXPECT_EQ(build_steps(more, notes), std::vector<std::string>{"a"});
    EXPECT_EQ(notes.size(), 1U);
    const ImageRef fewer = image_with(config_of({{{"created_by", "a"}}}), 2);
    EXPECT_EQ(build_steps(fewer, notes), (std::vector<std::string>{"a", ""}));
    EXPECT_EQ(notes.size(), 2U);
    ImageRef none = image_with(json::object(), 2);
    none.config.clear();
    EXPECT_EQ(build_steps(none, notes).size(), 2U);
    EXPECT_EQ(notes.size(), 2U) << "an image without a history is not odd";
}

TEST(Join, FindingsGetTheirLayerStepAndVisibility) {
    const ImageRef image = image_with(
        config_of({{{"created_by", "COPY key /"}}, {{"created_by", "RUN rm key"}}}), 2);
    LayerResult lower = result_for(image.layers[0]);
    lower.findings.push_back(finding_at("key", 0));
    lower.paths.entries.push_back({layer::hash_path("key"), 0, layer::EntryKind::file});
    LayerResult upper = result_for(image.layers[1]);
    upper.paths.entries.push_back({layer::hash_path("key"), 0, layer::EntryKind::whiteout});
    const TargetReport report = join("t", image, {&lower, &upper}, {}, false);
    ASSERT_EQ(report.findings.size(), 1U);
    EXPECT_EQ(report.findings[0].layer_index, 0);
    EXPECT_EQ(report.findings[0].layer, image.layers[0].digest);
    EXPECT_EQ(report.findings[0].created_by, "COPY key /");
    EXPECT_EQ(report.findings[0].visibility, Visibility::deleted);
    EXPECT_EQ(report.findings[0].hidden_by, 1);
    EXPECT_TRUE(report.coverage.complete);
    EXPECT_EQ(report.coverage.bytes, 2048U);
    EXPECT_EQ(report.image.created, "2024-05-01T10:00:00Z");
}

TEST(Join, ProgramsSeenThroughALinkAreVisibleAndNameIt) {
    const ImageRef image = image_with(config_of(json::array()), 2);
    LayerResult lower = result_for(image.layers[0]);
    lower.programs.push_back({{}, 0});
    lower.programs[0].program.program = "bash";
    lower.programs[0].program.path = "bin/bash";
    lower.paths.entries = {{layer::hash_path("bin/bash"), 0, layer::EntryKind::file},
                           {layer::hash_path("bin/rbash"), 1, layer::EntryKind::hardlink}};
    std::sort(lower.paths.entries.begin(), lower.paths.entries.end(),
              [](const auto& a, const auto& b) { return a.path < b.path; });
    lower.paths.hardlinks.push_back({"bin/rbash", "bin/bash", 1});
    LayerResult upper = result_for(image.layers[1]);
    upper.paths.entries.push_back({layer::hash_path("bin/bash"), 0, layer::EntryKind::whiteout});
    const TargetReport report = join("t", image, {&lower, &upper}, {}, false);
    ASSERT_EQ(report.programs.size(), 1U);
    EXPECT_EQ(report.programs[0].visibility, Visibility::visible);
    EXPECT_EQ(report.programs[0].aliases, std::vector<std::string>{"bin/rbash"});
}

TEST(Join, ABlobThatIsNotWhatItsDigestClaimsFailsAndMarksItsFindings) {
    const ImageRef image = image_with(config_of(json::array()), 1);
    LayerResult other = result_for(image.layers[0]);
    other.digest = "sha256:" + std::string(64, 'f');
    other.findings.push_back(finding_at("x", 0));
    const TargetReport report = join("t", image, {&other}, {}, false);
    EXPECT_EQ(report.layers[0].state, LayerState::failed);
    EXPECT_EQ(report.layers[0].state_reason,
              "blob is " + other.digest + ", not what its digest claims");
    EXPECT_EQ(report.layers[0].digest, image.layers[0].digest);
    EXPECT_TRUE(report.findings.at(0).blob_mismatch);
    EXPECT_FALSE(report.coverage.complete);
}

TEST(Join, ASizeThatDiffersFromTheClaimFailsToo) {
    ImageRef image = image_with(config_of(json::array()), 1);
    image.layers[0].size = 99;
    const LayerResult result = result_for(image.layers[0]);
    const TargetReport report = join("t", image, {&result}, {}, false);
    EXPECT_EQ(report.layers[0].state, LayerState::failed);
    EXPECT_FALSE(report.coverage.complete);
}

TEST(Join, ADigestOfAnUnknownAlgorithmIsNoPass) {
    ImageRef image = image_with(config_of(json::array()), 1);
    const LayerResult result = result_for(image.layers[0]);
    image.layers[0].digest = "blake9:00";
    const TargetReport report = join("t", image, {&result}, {}, false);
    EXPECT_EQ(report.layers[0].state, LayerState::partial);
    EXPECT_FALSE(report.coverage.complete);
}

TEST(Join, WithoutAClaimTheComputedDigestIsShown) {
    ImageRef image = image_with(config_of(json::array()), 1);
    const LayerResult result = result_for(image.layers[0]);
    image.layers[0].digest.clear();
    image.layers[0].size = -1;
    const TargetReport report = join("t", image, {&result}, {}, false);
    EXPECT_EQ(report.layers[0].digest, result.digest);
    EXPECT_TRUE(report.coverage.complete);
}

TEST(Join, LayersThatWereNotReadAreGaps) {
    ImageRef image = image_with(config_of(json::array()), 3);
    image.layers[0].unavailable = "foreign layer, held elsewhere";
    image.layers[1].unavailable = "encrypted";
    image.layers[1].unavailable_state = LayerState::encrypted;
    const TargetReport report = join("t", image, {nullptr, nullptr, nullptr}, {}, false);
    EXPECT_EQ(report.layers[0].state, LayerState::failed);
    EXPECT_EQ(report.layers[1].state, LayerState::encrypted);
    EXPECT_EQ(report.layers[2].state_reason, "not read");
    EXPECT_EQ(report.layers[0].gaps.at(0).bytes, 100U);
    EXPECT_EQ(report.coverage.gaps, 3U);
    EXPECT_FALSE(report.coverage.complete);
    const TargetReport stopped = join("t", image, {}, {}, true);
    EXPECT_EQ(stopped.layers[2].state_reason, "stopped before it was read");
}

TEST(Join, ZeroBytesScannedAreNeverAPass) {
    const TargetReport nothing = join("t", ImageRef{}, {}, {}, false);
    EXPECT_FALSE(nothing.coverage.complete);
    EXPECT_EQ(nothing.gaps.at(0).reason, "nothing was scanned");

    const TargetReport only_config = join("t", image_with(config_of(json::array()), 0), {}, {},
                                          false);
    EXPECT_TRUE(only_config.coverage.complete);
    EXPECT_GT(only_config.coverage.bytes, 0U);
    EXPECT_EQ(only_config.notes.at(0), "the image has no layers");

    const ImageRef image = image_with(config_of(json::array()), 1);
    LayerResult empty = result_for(image.layers[0]);
    empty.bytes = 0;
    EXPECT_FALSE(join("t", image, {&empty}, {}, false).coverage.complete);
}

TEST(Join, AnUnknownLayerAboveAFindingIsNoted) {
    const ImageRef image = image_with(config_of(json::array()), 2);
    LayerResult lower = result_for(image.layers[0]);
    lower.findings.push_back(finding_at("x", 0));
    LayerResult upper = result_for(image.layers[1]);
    upper.paths.truncated = true;
    const TargetReport report = join("t", image, {&lower, &upper}, {}, false);
    ASSERT_EQ(report.notes.size(), 1U);
    EXPECT_NE(report.notes[0].find("visibility is not certain"), std::string::npos);
}

TEST(Join, AWhiteoutsOwnBytesAreInNoFinalTree) {
    const ImageRef image = image_with(config_of(json::array()), 1);
    LayerResult result = result_for(image.layers[0]);
    result.findings.push_back(finding_at("etc/.wh.x", 0));
    result.findings[0].finding.source = Source::whiteout;
    const TargetReport report = join("t", image, {&result}, {}, false);
    EXPECT_EQ(report.findings[0].visibility, Visibility::deleted);
    EXPECT_EQ(report.findings[0].hidden_by, 0);
}

TEST(Join, FindingsAreSortedMetadataFirst) {
    const ImageRef image = image_with(config_of(json::array()), 2);
    LayerResult lower = result_for(image.layers[0]);
    lower.findings = {finding_at("b", 0), finding_at("a", 1)};
    LayerResult upper = result_for(image.layers[1]);
    upper.findings = {finding_at("A", 0)};
    Finding env;
    env.source = Source::env;
    env.path = "config.Env[1]";
    env.offset = 12;
    env.length = password.size();
    const TargetReport report = join("t", image, {&lower, &upper}, {env}, false);
    std::string order;
    for (const Finding& finding : report.findings) order += finding.path + " ";
    EXPECT_EQ(order, "config.Env[1] a b A ");
    EXPECT_EQ(report.findings[0].layer, image.config_digest);
    EXPECT_EQ(report.findings[0].layer_index, -1);
}

/// Everything in a report that may quote a build step.
std::string quoted_steps(const TargetReport& report) {
    std::string all = report.image.created;
    for (const LayerReport& layer : report.layers) all += layer.created_by;
    for (const Finding& finding : report.findings) all += finding.created_by + finding.path;
    return all;
}

TEST(Join, ASecretInABuildStepIsShownNowhereInTheClear) {
    const std::string step = "RUN deploy --password " + password + " # twice " + password;
    const ImageRef image = image_with(config_of({{{"created_by", step}}}), 1);
    LayerResult result = result_for(image.layers[0]);
    result.findings.push_back(finding_at("x", 0));
    Finding found;
    found.source = Source::history;
    found.path = "history[0].created_by";
    found.offset = step.find(password);
    found.length = password.size();
    found.redacted = "hunt****";
    found.layer_index = 0;
    const TargetReport report = join("t", image, {&result}, {found}, false);
    EXPECT_EQ(quoted_steps(report).find(password), std::string::npos);
    EXPECT_EQ(report.layers[0].created_by, "RUN deploy --password hunt**** # twice hunt****");
}

TEST(Join, ASecretOfTheEnvironmentIsCutOutOfBuildStepsToo) {
    const ImageRef image = image_with(config_of({{{"created_by", "RUN x " + password}}}), 1);
    const LayerResult result = result_for(image.layers[0]);
    Finding found;
    found.source = Source::env;
    found.path = "config.Env[1]";
    found.offset = std::string("DB_PASSWORD=").size();
    found.length = password.size();
    found.redacted = "****";
    const TargetReport report = join("t", image, {&result}, {found}, false);
    EXPECT_EQ(report.layers[0].created_by, "RUN x ****");
}

TEST(Join, AStepThatHoldsAnEncodedSecretIsWithheld) {
    const ImageRef image = image_with(config_of({{{"created_by", "RUN echo aHVudGVy"}}}), 1);
    const LayerResult result = result_for(image.layers[0]);
    Finding found;
    found.source = Source::history;
    found.path = "history[0].created_by";
    found.inner_path = {"base64"};
    found.length = 6;
    const TargetReport report = join("t", image, {&result}, {found}, false);
    EXPECT_EQ(report.layers[0].created_by, "[withheld: holds a secret]");
}

TEST(Join, AVeryLongStepIsCutInFindingsOnly) {
    const std::string step = "RUN " + std::string(100'000, 'x');
    const ImageRef image = image_with(config_of({{{"created_by", step}}}), 1);
    LayerResult result = result_for(image.layers[0]);
    result.findings.push_back(finding_at("x", 0));
    const TargetReport report = join("t", image, {&result}, {}, false);
    EXPECT_EQ(report.layers[0].created_by, step);
    EXPECT_LT(report.findings[0].created_by.size(), 5000U);
}

}  // namespace
