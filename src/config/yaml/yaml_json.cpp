#include "config/yaml/yaml_json.hpp"

#include <regex>

#include "text/json.hpp"

namespace sluice::config {

bool is_json_word(const std::string& text) {
  static const std::regex number(R"(-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?)");
  return text == "true" || text == "false" || text == "null" || std::regex_match(text, number);
}

namespace {

std::string quoted(std::string_view text) {
  return text::json_text(text, text::JsonEscape::keep_invalid);
}

}  // namespace

std::string json_of(const YamlValue& value) {
  std::string out;
  switch (value.kind) {
    case YamlKind::null:
      return "null";
    case YamlKind::scalar:
      return !value.quoted && is_json_word(value.text) ? value.text : quoted(value.in_expression());
    case YamlKind::list:
      for (const YamlValue& item : value.items) out += (out.empty() ? "" : ", ") + json_of(item);
      return "[" + out + "]";
    case YamlKind::map:
      for (const YamlEntry& entry : value.entries)
        out += (out.empty() ? "" : ", ") + quoted(entry.key) + ": " + json_of(entry.value);
      return "{" + out + "}";
  }
  return "null";
}

}  // namespace sluice::config
