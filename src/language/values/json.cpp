#include "language/values/json.hpp"

#include <algorithm>

#include "text/json.hpp"

namespace sluice::language {

std::string json_text(std::string_view text) {
  return text::json_text(text, text::JsonEscape::keep_invalid);
}

std::string json_object(const Members& members) {
  std::string out = "{";
  for (const auto& [name, value] : members) {
    if (out.size() > 1) out += ',';
    out += json_text(name);
    out += ':';
    out += value;
  }
  return out += '}';
}

std::string json_list(const std::vector<std::string>& items) {
  std::string out = "[";
  for (const std::string& item : items) {
    if (out.size() > 1) out += ',';
    out += item;
  }
  return out += ']';
}

std::string call(std::string_view name, const std::string& argument) {
  return json_object({{std::string(name), argument}});
}

std::string call_list(std::string_view name, const std::vector<std::string>& arguments) {
  return call(name, json_list(arguments));
}

std::string let(const Members& variables, const std::string& in) {
  return call("$let", json_object({{"vars", json_object(variables)}, {"in", in}}));
}

std::size_t nesting(std::string_view json) {
  std::size_t depth = 0;
  std::size_t deepest = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_text) {
      if (c == '\\') ++i;
      if (c == '"') in_text = false;
    } else if (c == '"') {
      in_text = true;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return deepest;
}

}  // namespace sluice::language
