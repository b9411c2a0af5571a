#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <utility>

#include "config/yaml/syntax.hpp"
#include "config/yaml/yaml_tree.hpp"

namespace sluice::config {
namespace {

/// The place where `word` next occurs, from `from` on. Returns `from` if the word does not occur literally,
/// which is possible in a quoted text with escapes.
Place place_of_word(const std::string& text, Place from, const std::string& word) {
  std::size_t at = 0;
  for (int line = 1; line < from.line && at != std::string::npos; ++line) {
    at = text.find('\n', at);
    if (at != std::string::npos) ++at;
  }
  if (at == std::string::npos || from.line == 0) return from;
  const std::size_t found = text.find(word, at + static_cast<std::size_t>(from.column) - 1);
  if (found == std::string::npos) return from;
  const std::size_t start = found == 0 ? std::string::npos : text.rfind('\n', found - 1);
  const auto lines = std::count(text.begin() + static_cast<std::ptrdiff_t>(at),
                                text.begin() + static_cast<std::ptrdiff_t>(found), '\n');
  return {from.line + static_cast<int>(lines),
          static_cast<int>(start == std::string::npos ? found + 1 : found - start)};
}

/// Copies yaml-cpp's nodes into our own tree and replaces variables. Nothing else needs to know yaml-cpp, and
/// duplicate keys are found in the whole file; yaml-cpp keeps them silently.
class TreeBuilder {
 public:
  TreeBuilder(const std::string& file, const std::string& source, const Variables* variables)
      : file_(file), source_(source), variables_(variables) {}

  /// Problems that did not prevent building the tree.
  Problems problems;

  YamlValue build(const YAML::Node& node, Place around, std::size_t depth) {
    YamlValue value;
    value.place = place_of(node.Mark());
    // An absent value has no place, or one on a later line; the place of its key is more useful.
    if (value.place.line == 0 || node.IsNull()) value.place = around;
    if (++values_ > kMostYamlValues) fail_at(file_, value.place, "the file contains too many values");
    if (depth > kMostYamlDepth) fail_at(file_, value.place, "the values are nested too deeply");
    if (node.IsScalar()) {
      value.kind = YamlKind::scalar;
      value.text = node.Scalar();
      value.quoted = node.Tag() == "!";
      if (variables_ != nullptr && value.text.find('$') != std::string::npos) expand_in(value);
    } else if (node.IsSequence()) {
      value.kind = YamlKind::list;
      for (const auto& item : node) value.items.push_back(build(item, value.place, depth + 1));
    } else if (node.IsMap()) {
      value.kind = YamlKind::map;
      for (const auto& pair : node) add_entry(value, pair.first, pair.second, depth);
    }
    return value;
  }

 private:
  void add_entry(YamlValue& map, const YAML::Node& key, const YAML::Node& node, std::size_t depth) {
    Place place = place_of(key.Mark());
    if (place.line == 0) place = map.place;
    if (!key.IsScalar()) fail_at(file_, place, "a key must be a text");
    const std::string& name = key.Scalar();
    const auto same = std::find_if(map.entries.begin(), map.entries.end(),
                                   [&](const YamlEntry& entry) { return entry.key == name; });
    if (same != map.entries.end()) {
      problems.push_back(
          {file_, place.line, place.column,
           fmt::format("'{}' appears twice; it is already in line {}", name, same->place.line)});
      return;
    }
    map.entries.push_back({name, place, build(node, place, depth + 1)});
  }

  void expand_in(YamlValue& value) {
    Expanded expanded = expand(value.text, *variables_);
    if (!expanded.problem.empty()) {
      const std::size_t end = value.text.find_first_of(":}\n", expanded.problem_at);
      const Place place = place_of_word(source_, value.place,
                                        value.text.substr(expanded.problem_at, end - expanded.problem_at));
      problems.push_back({file_, place.line, place.column, expanded.problem});
      return;
    }
    expanded_bytes_ += expanded.text.size();
    if (expanded_bytes_ > kMostYamlBytes) fail_at(file_, value.place, "the variables' values are too large");
    value.expanded = expanded.text != value.text;
    value.text = std::move(expanded.text);
    if (expanded.expression != value.text) value.expression = std::move(expanded.expression);
  }

  const std::string& file_;
  const std::string& source_;
  const Variables* variables_;
  std::size_t values_ = 0;
  std::size_t expanded_bytes_ = 0;
};

}  // namespace

std::shared_ptr<const YamlDocument> parse_yaml(const std::string& text, const std::string& file,
                                               const Variables* variables) {
  if (text.size() > kMostYamlBytes) {
    fail_at(file, {}, fmt::format("the file is larger than {} MiB", kMostYamlBytes >> 20));
  }
  const YAML::Node only = load_only_document(text, file);
  if (only.IsNull()) fail_at(file, {}, "the file is empty; it must contain a map of settings");
  auto document = std::make_shared<YamlDocument>();
  document->file = file;
  TreeBuilder builder(file, text, variables);
  document->top = builder.build(only, {1, 1}, 0);
  document->problems = std::move(builder.problems);
  if (document->top.kind != YamlKind::map) {
    fail_at(file, document->top.place,
            fmt::format("the file must contain a map of settings (key: value), not {}",
                        kind_text(document->top)));
  }
  return document;
}

}  // namespace sluice::config
