#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/problems.hpp"
#include "config/yaml/variables.hpp"

namespace sluice::config {

/// A place in a configuration file, counted from 1. Line 0 stands for the file as a whole.
struct Place {
  int line = 0;
  int column = 0;

  friend bool operator==(const Place&, const Place&) = default;
};

enum class YamlKind { null, scalar, list, map };

struct YamlEntry;

/// A value of the file with its place. Scalars keep their text as written, because `yes`, `007` and `1.10`
/// may all be meant as names. The code that reads the key decides on the type.
struct YamlValue {
  YamlKind kind = YamlKind::null;
  Place place;
  std::string text;  ///< with variables replaced, and $$ replaced by a dollar
  /// The same for an expression, where $$NAME is an aggregation variable and is kept. Empty if equal to
  /// `text`.
  std::optional<std::string> expression;
  bool quoted = false;    ///< quoted or multi-line: always a text
  bool expanded = false;  ///< contains the value of a variable: always a text
  std::vector<YamlValue> items;
  std::vector<YamlEntry> entries;

  const std::string& in_expression() const { return expression ? *expression : text; }
};

struct YamlEntry {
  std::string key;
  Place place;
  YamlValue value;
};

/// A parsed file. Its top level is always a map.
struct YamlDocument {
  std::string file;
  YamlValue top;
  /// Duplicate keys, which are dropped, and variables that are not set, which are kept as written.
  Problems problems = {};
};

/// Aliases are expanded by copying. These limits bound what a small file can expand to.
inline constexpr std::size_t kMostYamlValues = 100'000;
inline constexpr std::size_t kMostYamlDepth = 64;
inline constexpr std::size_t kMostYamlBytes = 4 << 20;

/// Throws ConfigError if the text is not a single YAML map or exceeds the limits. Without `variables` nothing
/// is replaced.
std::shared_ptr<const YamlDocument> parse_yaml(const std::string& text, const std::string& file,
                                               const Variables* variables = nullptr);

/// Removes the smallest entry or item at `place` from `value`, at any depth. Returns whether there was one.
bool cut(YamlValue& value, Place place);

/// Whether the entry or item at `outer` contains the place `inner` or is at that place.
bool holds(const YamlValue& value, Place outer, Place inner);

/// The top-level map of a document. Ignores the document's problems.
Settings settings_of(std::shared_ptr<const YamlDocument> document);

/// `file:line:column`, or only the file if no line is known.
std::string place_text(std::string_view file, Place place);

/// The kind of a value for a message: `a text`, `a number`, `a list`...
std::string_view kind_text(const YamlValue& value);

/// Whether a scalar counts as a text: it is quoted, comes from a variable, or is not a JSON number, true or
/// false.
bool is_text(const YamlValue& value);

}  // namespace sluice::config
