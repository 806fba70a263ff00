// The members of each object of `stratascan/report/1`, for the formats that
// print them: JSON as a whole, JSON lines one by one. Names are fixed; more may
// be added. Members that can be absent are null; the few that say something
// unusual (a blob that is not what it claims, a path that is not UTF-8) are
// there only when it is so.
#pragma once

#include "scanner/report/json_writer.hpp"
#include "stratascan/report.hpp"

namespace stratascan::report {

// Each writes into the object that is open.
void write_members(JsonWriter& json, const EngineInfo& engine);
void write_members(JsonWriter& json, const ImageInfo& image);
void write_members(JsonWriter& json, const LayerReport& layer);
void write_members(JsonWriter& json, const Finding& finding);
void write_members(JsonWriter& json, const Program& program);
void write_members(JsonWriter& json, const Coverage& coverage);
void write_members(JsonWriter& json, const TargetReport& target);  // in json.cpp

/// A text, or null when it is empty.
void write_optional(JsonWriter& json, std::string_view name, std::string_view text);
void write_distribution(JsonWriter& json, const ImageInfo& image);
void write_gaps(JsonWriter& json, const std::vector<Gap>& gaps);

}  // namespace stratascan::report
