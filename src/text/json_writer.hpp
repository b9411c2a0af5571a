#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::text {

/// Writes one JSON value from front to back. Pass a key for values in objects only, and an empty one for
/// elements of arrays and for the outermost value. Numbers that JSON does not have (NaN, infinity) become
/// null.
class JsonWriter {
 public:
  JsonWriter& open_object(std::string_view key = {}) { return open(key, '{'); }
  JsonWriter& open_array(std::string_view key = {}) { return open(key, '['); }
  JsonWriter& close_object() { return close('}'); }
  JsonWriter& close_array() { return close(']'); }

  JsonWriter& text(std::string_view key, std::string_view value);
  JsonWriter& number(std::string_view key, double value);
  JsonWriter& integer(std::string_view key, std::int64_t value);
  JsonWriter& boolean(std::string_view key, bool value);
  JsonWriter& null(std::string_view key);

  const std::string& json() const { return json_; }

 private:
  JsonWriter& open(std::string_view key, char bracket);
  JsonWriter& close(char bracket);
  void begin(std::string_view key);

  std::string json_;
};

}  // namespace sluice::text
