#include "scanner/match/database.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <span>

#include "scanner/match/regex_tree.hpp"

namespace stratascan::match {

namespace {

struct Level {
    std::string_view name;
    unsigned long long features;
};

// Hyperscan wants each level to name the ones below it.
constexpr std::array<Level, 4> levels = {{
    {"avx512vbmi", HS_CPU_FEATURES_AVX2 | HS_CPU_FEATURES_AVX512 | HS_CPU_FEATURES_AVX512VBMI},
    {"avx512", HS_CPU_FEATURES_AVX2 | HS_CPU_FEATURES_AVX512},
    {"avx2", HS_CPU_FEATURES_AVX2},
    {"base", 0},
}};

struct Compiled {
    std::unique_ptr<hs_database_t, decltype(&hs_free_database)> database{nullptr,
                                                                         &hs_free_database};
};

Result<hs_database_t*> compile_expressions(std::span<const EngineExpression> expressions,
                                           const hs_platform_info_t& platform) {
    std::vector<const char*> texts;
    std::vector<unsigned> flags, ids;
    for (const EngineExpression& expression : expressions) {
        ids.push_back(static_cast<unsigned>(texts.size()));
        texts.push_back(expression.text.c_str());
        flags.push_back(expression.flags);
    }
    hs_database_t* database = nullptr;
    hs_compile_error_t* error = nullptr;
    const hs_error_t status =
        hs_compile_multi(texts.data(), flags.data(), ids.data(),
                         static_cast<unsigned>(texts.size()), HS_MODE_BLOCK, &platform, &database,
                         &error);
    if (status == HS_SUCCESS) return database;
    const std::string why = error != nullptr ? error->message : "no reason given";
    const int at = error != nullptr ? error->expression : -1;
    hs_free_compile_error(error);
    return fail(ErrorCode::engine, fmt::format("Hyperscan refused expression {}: {}", at, why));
}

Result<std::vector<EngineExpression>> engine_expressions(const RuleSet& rules) {
    std::vector<EngineExpression> expressions;
    for (const Expression& expression : rules.expressions()) {
        auto one = engine_expression(expression);
        if (!one) return std::unexpected(one.error());
        expressions.push_back(std::move(*one));
    }
    return expressions;
}

int on_match(unsigned id, unsigned long long, unsigned long long to, unsigned, void* context) {
    static_cast<std::vector<Hit>*>(context)->push_back(
        {static_cast<std::uint32_t>(to), static_cast<std::uint32_t>(id)});
    return 0;
}

Result<std::string> serialized(const hs_database_t* database) {
    char* bytes = nullptr;
    std::size_t size = 0;
    if (hs_serialize_database(database, &bytes, &size) != HS_SUCCESS) {
        return fail(ErrorCode::engine, "Hyperscan could not write its database");
    }
    const std::unique_ptr<char, decltype(&std::free)> owned(bytes, &std::free);
    return std::string(bytes, size);
}

}  // namespace

Result<EngineExpression> engine_expression(const Expression& expression) {
    // Hyperscan sees the stream, where other bytes stand before and behind a file's. A
    // gate that asks for a line's beginning, a word's boundary or the end would miss
    // what stands at a file's edge, so it is asked without assertions. That makes the
    // gate wider, never narrower; RE2 sees the file alone and decides.
    if (!expression.gate.empty()) {
        const auto tree = parse_regex(expression.gate);
        if (!tree) return std::unexpected(tree.error());
        return EngineExpression{engine_syntax(*tree), HS_FLAG_DOTALL};
    }
    // Every byte escaped: no literal can be read as an operator. Hyperscan's own
    // literal interface fails at scan time in 5.4.0.
    std::string text;
    for (const char c : expression.literal) {
        text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
    return EngineExpression{
        text, HS_FLAG_DOTALL | (expression.nocase ? unsigned{HS_FLAG_CASELESS} : 0U)};
}

Result<std::shared_ptr<const Database>> Database::compile(const RuleSet& rules) {
    hs_platform_info_t platform{};
    if (hs_populate_platform(&platform) != HS_SUCCESS) {
        return fail(ErrorCode::engine, "Hyperscan does not run on this processor", {},
                    "SSSE3 is the least it needs");
    }
    const auto expressions = engine_expressions(rules);
    if (!expressions) return std::unexpected(expressions.error());
    const auto database = compile_expressions(*expressions, platform);
    if (!database) return std::unexpected(database.error());
    const std::unique_ptr<hs_database_t, FreeDatabase> owned(*database);
    const auto bytes = serialized(owned.get());
    if (!bytes) return std::unexpected(bytes.error());
    return deserialize(*bytes, "native");
}

Result<std::shared_ptr<const Database>> Database::deserialize(std::string_view bytes,
                                                              std::string level) {
    auto result = std::make_shared<Database>();
    hs_database_t* database = nullptr;
    if (hs_deserialize_database(bytes.data(), bytes.size(), &database) != HS_SUCCESS) {
        return fail(ErrorCode::engine, "the pattern database does not fit this engine");
    }
    result->database_.reset(database);
    hs_scratch_t* scratch = nullptr;
    if (hs_alloc_scratch(database, &scratch) != HS_SUCCESS) {
        return fail(ErrorCode::engine, "the pattern database does not fit this processor");
    }
    result->prototype_.reset(scratch);
    result->level_ = std::move(level);
    return result;
}

Result<std::shared_ptr<const Database>> Database::load(const Pack& pack) {
    for (std::size_t i = 0; i < pack.databases.size(); ++i) {
        auto database = deserialize(pack.databases[i], pack.levels[i]);
        if (database) return database;
    }
    return fail(ErrorCode::engine, "none of the pattern databases fits this processor", {},
                "SSSE3 is the least that is needed");
}

Scratch Database::make_scratch() const {
    hs_scratch_t* scratch = nullptr;
    if (hs_clone_scratch(prototype_.get(), &scratch) != HS_SUCCESS) throw std::bad_alloc();
    return Scratch(scratch);
}

Result<void> Database::scan(std::string_view bytes, hs_scratch_t* scratch,
                            std::vector<Hit>& hits) const {
    // Hyperscan refuses a null pointer, even to nothing.
    if (bytes.empty()) return {};
    const hs_error_t status =
        hs_scan(database_.get(), bytes.data(), static_cast<unsigned>(bytes.size()), 0, scratch,
                &on_match, &hits);
    if (status != HS_SUCCESS) {
        return fail(ErrorCode::engine, fmt::format("Hyperscan stopped with {}", status));
    }
    return {};
}

Result<std::string> Database::serialize() const { return serialized(database_.get()); }

std::size_t Database::bytes() const noexcept {
    std::size_t size = 0;
    return hs_database_size(database_.get(), &size) == HS_SUCCESS ? size : 0;
}

Result<LevelDatabases> compile_levels(const RuleSet& rules) {
    const auto expressions = engine_expressions(rules);
    if (!expressions) return std::unexpected(expressions.error());
    LevelDatabases all;
    for (const Level& level : levels) {
        const hs_platform_info_t platform{0, level.features, 0, 0};
        const auto database = compile_expressions(*expressions, platform);
        if (!database) return std::unexpected(database.error());
        const std::unique_ptr<hs_database_t, decltype(&hs_free_database)> owned(*database,
                                                                                &hs_free_database);
        auto bytes = serialized(owned.get());
        if (!bytes) return std::unexpected(bytes.error());
        all.levels.emplace_back(level.name);
        all.databases.push_back(std::move(*bytes));
    }
    return all;
}

Result<std::uint32_t> gate_width(const std::string& gate) {
    const auto expression = engine_expression({{}, gate, false, {}, {}});
    if (!expression) return std::unexpected(expression.error());
    hs_expr_info_t* info = nullptr;
    hs_compile_error_t* error = nullptr;
    if (hs_expression_info(expression->text.c_str(), expression->flags, &info, &error) !=
        HS_SUCCESS) {
        const std::string why = error != nullptr ? error->message : "no reason given";
        hs_free_compile_error(error);
        return fail(ErrorCode::invalid_argument, "Hyperscan refuses it: " + why);
    }
    const unsigned width = info->max_width;
    std::free(info);
    if (width == std::numeric_limits<unsigned>::max()) {
        return fail(ErrorCode::invalid_argument, "a match may be of any length", {},
                    "bound its repeats");
    }
    return width;
}

}  // namespace stratascan::match
