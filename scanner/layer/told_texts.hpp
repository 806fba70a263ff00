// What a report repeats besides findings: names, versions, subjects, reasons. A secret may stand in
// any of them, and must not leave there.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/layer/layer_result.hpp"
#include "scanner/layer/window_scan.hpp"

namespace stratascan::layer {

/// The text with what is found in it redacted; "" where it can't be looked at.
[[nodiscard]] std::string without_secrets(WindowScanner& scanner, std::string_view text);

/// The same of several, which are looked at in one go where none has any.
void clean_texts(std::span<std::string* const> texts, WindowScanner& scanner);

/// All texts that a finding, a program, a certificate, a package, a fact or a document repeats.
void clean_told_texts(LayerResult& result, WindowScanner& scanner);
void clean_told_texts(std::span<Finding> findings, WindowScanner& scanner);

}  // namespace stratascan::layer
