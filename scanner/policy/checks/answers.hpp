// How checks answer: the same words and the same care about what was not read.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/policy/subject.hpp"

namespace stratascan::policy {

[[nodiscard]] Answer passed(std::string reason);
[[nodiscard]] Answer failed(std::string reason, std::vector<Item> items = {});
[[nodiscard]] Answer unknown(std::string reason);
[[nodiscard]] Answer not_applicable(std::string reason);

/// A member of the config as what an answer rests on; `value` makes its key.
[[nodiscard]] Item config_item(std::string member, std::string text);
[[nodiscard]] Item step_item(const image::HistoryStep& step, std::string text);
[[nodiscard]] Item file_item(const image::PlacedFact& fact, std::string text);

/// Adds within `items_told`.
void add(Answer& answer, Item item);

/// The usual end of a check: fail if an item counts, else pass, else, where not
/// everything was read, unknown. `what` is a plural ("setuid files").
[[nodiscard]] Answer settled(Answer answer, const Subject& subject, std::string_view what);

/// The answer of a check that is about file facts of some kinds in the final tree;
/// hidden ones are told and do not count.
[[nodiscard]] Answer about_facts(const Subject& subject,
                                 std::initializer_list<layer::FactKind> kinds,
                                 std::string_view what);

/// "1 shell", "3 shells"
[[nodiscard]] std::string counted(std::size_t number, std::string_view singular,
                                  std::string_view plural);

/// What checks of the config answer where there is none.
[[nodiscard]] std::optional<Answer> without_config(const Subject& subject);
[[nodiscard]] std::optional<Answer> without_tree(const Subject& subject);
[[nodiscard]] std::optional<Answer> without_history(const Subject& subject);

}  // namespace stratascan::policy
