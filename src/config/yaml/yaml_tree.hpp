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

/// A value of the file with its place. Scalars keep the text as written, for `yes`, `007` and `1.10` may all
/// be meant as names: what they are is for the reader of the key to say.
struct YamlValue {
  YamlKind kind = YamlKind::null;
  Place place;
  std::string text;  ///< with its variables replaced, and $$ as a dollar
  /// The same for what is an expression, where $$NAME is a variable of the server's and stays. Nothing where
  /// it is `text`.
  std::optional<std::string> expression;
  bool quoted = false;    ///< a scalar in quotes, or of several lines, is a text whatever it reads like
  bool expanded = false;  ///< it named a variable: what that holds is a text whatever it reads like
  std::vector<YamlValue> items;
  std::vector<YamlEntry> entries;

  const std::string& in_expression() const { return expression ? *expression : text; }
};

struct YamlEntry {
  std::string key;
  Place place;
  YamlValue value;
};

/// A parsed file. The top is always a map.
struct YamlDocument {
  std::string file;
  YamlValue top;
  /// Duplicate keys, which are left out, and variables that are not set, which stand as written.
  Problems problems = {};
};

/// Aliases are copied out, so these bound what a small file can unfold to.
inline constexpr std::size_t kMostYamlValues = 100'000;
inline constexpr std::size_t kMostYamlDepth = 64;
inline constexpr std::size_t kMostYamlBytes = 4 << 20;

/// Throws ConfigError for text that is not one YAML map, and beyond the limits. Without `variables` a value
/// is what is written.
std::shared_ptr<const YamlDocument> parse_yaml(const std::string& text, const std::string& file,
                                               const Variables* variables = nullptr);

/// Takes the smallest entry or item that stands at a place out of a value, at any depth. Whether one does.
bool cut(YamlValue& value, Place place);

/// Whether the entry or item at `outer` holds the place `inner`, or is it.
bool holds(const YamlValue& value, Place outer, Place inner);

/// The map of a document, whose problems are not looked at.
Settings settings_of(std::shared_ptr<const YamlDocument> document);

/// `file:line:column`, or the file alone where no line is known.
std::string place_text(std::string_view file, Place place);

/// `a text`, `a number`, `a list`...: what a value is, in words for a message.
std::string_view kind_text(const YamlValue& value);

/// Whether a scalar is meant as a text: it is in quotes, comes from a variable, or is neither a JSON number
/// nor true or false.
bool is_text(const YamlValue& value);

}  // namespace sluice::config
