#include "text/json_writer.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include "text/json.hpp"

namespace sluice::text {

void JsonWriter::begin(std::string_view key) {
  if (!json_.empty() && json_.back() != '{' && json_.back() != '[') json_ += ',';
  if (key.empty()) return;
  append_json(json_, key);
  json_ += ':';
}

JsonWriter& JsonWriter::open(std::string_view key, char bracket) {
  begin(key);
  json_ += bracket;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  json_ += bracket;
  return *this;
}

JsonWriter& JsonWriter::text(std::string_view key, std::string_view value) {
  begin(key);
  append_json(json_, value);
  return *this;
}

JsonWriter& JsonWriter::number(std::string_view key, double value) {
  constexpr double exact = 1e15;  // whole numbers below this are written in full, not as 1.7e+09
  if (!std::isfinite(value)) return null(key);
  if (std::abs(value) < exact && value == std::trunc(value)) {
    return integer(key, static_cast<std::int64_t>(value));
  }
  begin(key);
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  json_.append(digits.data(), end);
  return *this;
}

JsonWriter& JsonWriter::integer(std::string_view key, std::int64_t value) {
  begin(key);
  json_ += std::to_string(value);
  return *this;
}

JsonWriter& JsonWriter::boolean(std::string_view key, bool value) {
  begin(key);
  json_ += value ? "true" : "false";
  return *this;
}

JsonWriter& JsonWriter::null(std::string_view key) {
  begin(key);
  json_ += "null";
  return *this;
}

}  // namespace sluice::text
