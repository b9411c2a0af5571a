#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::config {

/// A place in a configuration file, counted from 1. Line 0 stands for the file as a whole.
struct Place {
  int line = 0;
  int column = 0;
};

enum class YamlKind { null, scalar, list, map };

struct YamlEntry;

/// A value of the file with its place. Scalars keep the text as written, for `yes`, `007` and `1.10` may all
/// be meant as names: what they are is for the reader of the key to say.
struct YamlValue {
  YamlKind kind = YamlKind::null;
  Place place;
  std::string text;
  bool quoted = false;  ///< a scalar in quotes, or of several lines, is a text whatever it reads like
  std::vector<YamlValue> items;
  std::vector<YamlEntry> entries;
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
};

/// Aliases are copied out, so these bound what a small file can unfold to.
inline constexpr std::size_t kMostYamlValues = 100'000;
inline constexpr std::size_t kMostYamlDepth = 64;
inline constexpr std::size_t kMostYamlBytes = 4 << 20;

/// Throws ConfigError for text that is not one YAML map, for duplicate keys, and beyond the limits.
std::shared_ptr<const YamlDocument> parse_yaml(const std::string& text, const std::string& file);

/// `file:line:column`, or the file alone where no line is known.
std::string place_text(std::string_view file, Place place);

/// `text, a list, ...`: what a value is, in words for a message.
std::string_view kind_text(YamlKind kind);

}  // namespace sluice::config
