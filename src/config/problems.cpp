#include "config/problems.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "config/yaml/variables.hpp"
#include "config/yaml/yaml_tree.hpp"

namespace sluice::config {

namespace {

std::string text_of(const Problems& problems) {
  std::string text;
  for (const Problem& problem : problems) text += (text.empty() ? "" : "\n") + problem.text();
  return text;
}

/// Whether `one` makes `other` redundant: both have the same place, or `one` is an unset variable on the same
/// line.
bool says_more(const Problem& one, const Problem& other) {
  const bool same_line = one.line > 0 && one.file == other.file && one.line == other.line;
  return same_line && (one.column == other.column || one.message.starts_with(kVariableNotSet));
}

}  // namespace

std::string Problem::text() const {
  return file.empty() ? message : place_text(file, {line, column}) + ": " + message;
}

PlacedError::PlacedError(Problem problem) : PlacedError(Problems{std::move(problem)}) {}

PlacedError::PlacedError(Problems problems)
    : ConfigError(text_of(problems)), problems_(std::make_shared<const Problems>(std::move(problems))) {}

Problems problems_of(const ConfigError& error) {
  const auto* placed = dynamic_cast<const PlacedError*>(&error);
  return placed != nullptr ? placed->problems() : Problems{{"", 0, 0, error.what()}};
}

void append(Problems& problems, const ConfigError& error) {
  for (Problem& problem : problems_of(error)) problems.push_back(std::move(problem));
}

Problems in_order(Problems problems) {
  Problems firsts;
  for (Problem& problem : problems) {
    const bool known =
        std::ranges::any_of(firsts, [&](const Problem& other) { return says_more(other, problem); });
    if (!known) firsts.push_back(std::move(problem));
  }
  std::ranges::stable_sort(firsts, [](const Problem& a, const Problem& b) {
    return std::tie(a.file, a.line, a.column) < std::tie(b.file, b.line, b.column);
  });
  return firsts;
}

}  // namespace sluice::config
