// What checks make of bills of materials, attached ones and those among the files.
#include <gtest/gtest.h>

#include "scanner/layer/bill_of_materials.hpp"
#include "tests/support/policy_subject.hpp"

namespace {

using namespace stratascan;
using layer::FactKind;
using policy::Outcome;
using test::MadeUpImage;

TEST(ProgramChecks, ProgramsThatAnAttachedBillLists) {
    MadeUpImage image;
    image.program("curl", "transfer", "usr/local/bin/curl");
    image.facts.subjects = {"sha256:" + std::string(64, 'e')};
    image::AttachedBlob blob;
    const auto outcome = [&](const char* type, const std::string& bytes) {
        blob.predicate_type = type;
        blob.bytes = bytes;
        image.facts.attachments.resize(1);
        image.facts.attachments[0].blobs = {blob};
        return image.outcome("sbom-complete");
    };
    constexpr const char* spdx = "https://spdx.dev/Document";
    const auto of_spdx = [&](const std::string& members, const std::string& statement = "") {
        const std::string bill = R"({"spdxVersion":"SPDX-2.3",)" + members + "}";
        return outcome(spdx, statement.empty() ? bill : statement + R"("predicate":)" + bill + "}");
    };
    const auto of_cyclonedx = [&](const std::string& components) {
        return outcome("https://cyclonedx.org/bom",
                       R"({"predicate":{"bomFormat":"CycloneDX","components":[)" + components + "]}}");
    };
    EXPECT_EQ(of_spdx(R"("packages":[{"name":"curl"}])", "{"), Outcome::pass);
    EXPECT_EQ(of_spdx(R"("packages":[{"name":"wget"}])", "{"), Outcome::fail);
    EXPECT_EQ(of_spdx(R"("packages":[{"name":"curl"}],"files":[{"fileName":"./usr/bin/curl"}])"),
              Outcome::fail) << "it lists files, and not this one";
    EXPECT_EQ(of_spdx(R"("files":[{"fileName":"./usr/local/bin/curl"}])"), Outcome::pass);
    EXPECT_EQ(of_cyclonedx(R"({"type":"application","name":"app",)"
                           R"("components":[{"type":"library","name":"curl"}]})"), Outcome::pass);
    EXPECT_EQ(of_cyclonedx(R"({"name":"x","evidence":{"occurrences":)"
                           R"([{"location":"/usr/local/bin/curl"}]}})"), Outcome::pass);
    EXPECT_EQ(of_spdx(R"("packages":[{"name":"curl"}])",
                      R"({"subject":[{"digest":{"sha256":")" + std::string(64, 'f') + R"("}}],)"),
              Outcome::fail)
        << "it speaks of another image";
    EXPECT_EQ(outcome("https://slsa.dev/provenance/v1",
                      R"({"spdxVersion":"SPDX-2.3","packages":[{"name":"curl"}]})"),
              Outcome::fail) << "that is none";
    for (const char* damaged :
         {"", "{", "[]", R"({"spdxVersion":"SPDX-2.3","packages":7,"files":[7],"components":[[]]})"}) {
        EXPECT_EQ(outcome(spdx, damaged), Outcome::fail) << damaged;
    }
}

TEST(ProgramChecks, ProgramsThatABillAmongTheFilesLists) {
    MadeUpImage image;
    image.program("curl", "transfer", "usr/local/bin/curl");
    auto bill = layer::read_bill(
        R"({"spdxVersion":"SPDX-2.3","files":[{"fileName":"/usr/local/bin/curl"}]})");
    ASSERT_TRUE(bill);
    image.facts.documents.push_back({layer::DocumentKind::bill, "opt/app.spdx.json",
                                     layer::written(*bill, 1000), false, 0});
    const policy::Answer listed = image.ask("sbom-complete");
    EXPECT_EQ(listed.outcome, Outcome::pass);
    EXPECT_NE(listed.items.at(0).text.find("the bill of materials opt/app.spdx.json lists"),
              std::string::npos);
    image.facts.documents.back().text = "SPDX-2.3\n";
    image.facts.documents.back().cut = true;
    const policy::Answer cut = image.ask("sbom-complete");
    EXPECT_EQ(cut.outcome, Outcome::fail);
    EXPECT_NE(cut.reason.find("of 1 bill of materials not all was read"), std::string::npos);
}

TEST(AttachedChecks, SbomAmongTheFiles) {
    MadeUpImage image;
    image.fact(FactKind::image_sbom, "var/lib/db/sbom/app.spdx.json");
    EXPECT_EQ(image.outcome("sbom"), Outcome::unknown) << "past the number that is read";
    image.facts.documents.push_back(
        {layer::DocumentKind::bill, "var/lib/db/sbom/app.spdx.json", "", false, 1});
    const auto none = image.ask("sbom");
    EXPECT_EQ(none.outcome, Outcome::unknown);
    ASSERT_EQ(none.items.size(), 1U);
    EXPECT_EQ(none.items[0].text, "called like a bill of materials, and not SPDX or CycloneDX");
    image.facts.documents.back().text = "SPDX-2.3\n";
    const auto found = image.ask("sbom");
    EXPECT_EQ(found.outcome, Outcome::pass);
    EXPECT_EQ(found.items.at(0).text, "a bill of materials: SPDX-2.3");
    image.facts.facts.back().visibility = Visibility::deleted;
    EXPECT_EQ(image.outcome("sbom"), Outcome::unknown) << "it is in no final tree";
}

}  // namespace
