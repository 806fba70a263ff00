// Bills of materials in each form that is read, and what is none of them.
#include <gtest/gtest.h>

#include "scanner/layer/bill_of_materials.hpp"

namespace {

using namespace stratascan;
using layer::read_bill;

TEST(BillOfMaterials, Spdx2AsJson) {
    const auto bill = read_bill(R"({"spdxVersion": "SPDX-2.3", "name": "not a package",
        "packages": [{"SPDXID": "a", "name": "curl", "externalRefs": [{"name": "no"}]},
                     {"name": "libc6"}],
        "files": [{"fileName": "./usr/bin/curl"}, {"fileName": "/opt/app/run"}]})");
    ASSERT_TRUE(bill);
    EXPECT_EQ(bill->form, "SPDX-2.3");
    EXPECT_EQ(bill->names.size(), 2U);
    EXPECT_TRUE(bill->lists("usr/bin/curl", "another"));
    EXPECT_TRUE(bill->lists("opt/app/run", ""));
    EXPECT_FALSE(bill->lists("usr/local/bin/curl", "curl")) << "it lists files, and not this one";
}

TEST(BillOfMaterials, WithoutFilesByName) {
    const auto bill = read_bill(R"({"spdxVersion": "SPDX-2.2", "packages": [{"name": "curl"}]})");
    ASSERT_TRUE(bill);
    EXPECT_TRUE(bill->lists("anywhere", "curl"));
    EXPECT_FALSE(bill->lists("anywhere", "wget"));
}

TEST(BillOfMaterials, Spdx2AsTags) {
    const auto bill = read_bill("SPDXVersion: SPDX-2.3\r\nPackageName: curl\r\n"
                                "PackageVersion: 8\r\nFileName: ./usr/bin/curl\r\n");
    ASSERT_TRUE(bill);
    EXPECT_EQ(bill->form, "SPDX-2.3");
    EXPECT_TRUE(bill->lists("usr/bin/curl", ""));
    EXPECT_FALSE(read_bill("PackageName: curl\n")) << "nothing says that it is one";
}

TEST(BillOfMaterials, Spdx3) {
    const auto bill = read_bill(
        R"({"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": [
            {"name": "curl", "type": "software_Package"}, {"type": "Person", "name": "somebody"},
            {"type": "software_File", "name": "/usr/bin/wget"}]})");
    ASSERT_TRUE(bill);
    EXPECT_EQ(bill->form, "SPDX 3");
    EXPECT_EQ(bill->names.size(), 1U);
    EXPECT_TRUE(bill->lists("usr/bin/wget", ""));
}

TEST(BillOfMaterials, CycloneDx) {
    const auto bill = read_bill(
        R"({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [
            {"name": "app", "type": "application", "components": [{"type": "library", "name": "zlib"}],
             "evidence": {"occurrences": [{"location": "/opt/app/run"}]}},
            {"name": "usr/bin/curl", "type": "file"}]})");
    ASSERT_TRUE(bill);
    EXPECT_EQ(bill->form, "CycloneDX 1.5");
    EXPECT_EQ(bill->names.size(), 2U);
    EXPECT_TRUE(bill->lists("opt/app/run", ""));
    EXPECT_TRUE(bill->lists("usr/bin/curl", ""));
    const auto xml = read_bill("<?xml version=\"1.0\"?>\n<bom xmlns=\"http://cyclonedx.org/schema/bom/1.5\"/>");
    ASSERT_TRUE(xml);
    EXPECT_EQ(xml->form, "CycloneDX in XML");
    EXPECT_TRUE(xml->cut) << "its components were not read";
}

TEST(BillOfMaterials, OthersAreNone) {
    for (const char* text :
         {"", " ", "{}", "[]", "{\"packages\": [{\"name\": \"curl\"}]}", "<html></html>", "text",
          "{\"spdxVersion\": \"SPDX-2.3\"", "{\"bomFormat\": \"Other\"}",
          "[{\"spdxVersion\": \"SPDX-2.3\"}]"}) {
        EXPECT_FALSE(read_bill(text)) << text;
    }
    std::string deep = "{\"spdxVersion\":\"SPDX-2.3\",\"a\":";
    for (int i = 0; i < 100; ++i) deep += '[';
    EXPECT_FALSE(read_bill(deep));
    EXPECT_FALSE(read_bill("{\"spdxVersion\":\"SPDX-2.3\",\"x\":\"" +
                           std::string(layer::bill_bytes_limit, 'x') + "\"}"));
}

TEST(BillOfMaterials, LinesSayTheSameAndNoName) {
    auto bill = read_bill(R"({"spdxVersion": "SPDX-2.3", "packages": [{"name": "curl"}],
                              "files": [{"fileName": "usr/bin/curl"}]})");
    ASSERT_TRUE(bill);
    const std::string text = layer::written(*bill, 1000);
    EXPECT_FALSE(bill->cut);
    EXPECT_EQ(text.find("curl"), std::string::npos);
    const auto again = layer::bill_of_lines(text);
    EXPECT_EQ(again.form, bill->form);
    EXPECT_EQ(again.names, bill->names);
    EXPECT_EQ(again.paths, bill->paths);
    EXPECT_EQ(layer::written(*bill, 30), text.substr(0, 27));
    EXPECT_TRUE(bill->cut);
}

}  // namespace
