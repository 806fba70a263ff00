// Scans a layer with the public headers alone, and fails when the secret that was
// put into it is not found.
#include <array>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>

#include "stratascan/scanner.hpp"

namespace {

void put_octal(std::string& header, std::size_t at, int digits, unsigned value) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%0*o", digits, value);
    header.replace(at, static_cast<std::size_t>(digits), text.data());
}

// A tar archive with one file.
std::string archive_with(const std::string& name, std::string contents) {
    std::string header(512, '\0');
    header.replace(0, name.size(), name);
    put_octal(header, 100, 7, 0644);
    put_octal(header, 108, 7, 0);
    put_octal(header, 116, 7, 0);
    put_octal(header, 124, 11, static_cast<unsigned>(contents.size()));
    put_octal(header, 136, 11, 0);
    header[156] = '0';
    header.replace(257, 5, "ustar");
    header.replace(263, 2, "00");
    header.replace(148, 8, "        ");
    unsigned sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    put_octal(header, 148, 6, sum);
    header[154] = '\0';
    contents.resize((contents.size() + 511) / 512 * 512, '\0');
    return header + contents + std::string(1024, '\0');
}

int complain(const std::string& what) {
    std::cerr << what << '\n';
    return 1;
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2) return complain("usage: consumer LAYER");
    const std::string layer = arguments[1];
    std::string token = "gh";
    token += "p_";
    for (unsigned i = 0; i < 36; ++i) token += "aB3dE5gH7jK9mN1pQ"[i * 5 % 17];
    std::ofstream(layer, std::ios::binary) << archive_with("etc/env", "TOKEN=" + token + "\n");

    const auto scanner = stratascan::Scanner::create({});
    if (!scanner) return complain(scanner.error().message());
    const std::array targets = {layer};
    const auto report = (*scanner)->scan(targets);
    if (!report) return complain(report.error().message());
    if (stratascan::exit_code(*report) != 1) return complain("the exit code does not say: found");
    for (const auto& target : report->targets) {
        for (const auto& finding : target.findings) {
            std::cout << stratascan::version() << ": " << finding.path << ':' << finding.line << ' '
                      << finding.rule << ' ' << finding.redacted << '\n';
            if (finding.rule == "github-pat-classic" && finding.path == "etc/env") return 0;
        }
    }
    return complain("the secret was not found");
}
