#include "bson/json_writer.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <string_view>

#include "bson/raii.hpp"

namespace sluice::bson {

namespace {

constexpr int deepest = 60;  // below it libbson decides how deep is too deep
constexpr std::int64_t last_of_year_9999 = 253'402'300'799'999;  // later ones have years of five digits

template <typename T>
T load(const std::uint8_t* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

bool is_plain(unsigned char c) {
  return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

bool continues(unsigned char c) {
  return (c & 0xC0) == 0x80;
}

/// How many bytes the character at the front of `text` has; 0 where it is none of UTF-8's.
std::size_t character(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(i < text.size() ? text[i] : '\0'); };
  const unsigned char first = at(0);
  if (first >= 0xC2 && first <= 0xDF) return continues(at(1)) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool too_long = first == 0xE0 && at(1) < 0xA0;
    const bool surrogate = first == 0xED && at(1) > 0x9F;
    return continues(at(1)) && continues(at(2)) && !too_long && !surrogate ? 3 : 0;
  }
  if (first < 0xF0 || first > 0xF4) return 0;
  const bool too_long = first == 0xF0 && at(1) < 0x90;
  const bool too_high = first == 0xF4 && at(1) > 0x8F;
  return continues(at(1)) && continues(at(2)) && continues(at(3)) && !too_long && !too_high ? 4 : 0;
}

char short_escape(char c) {
  switch (c) {
    case '"':
    case '\\':
      return c;
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return 0;
  }
}

/// Writes what events are made of, and says false to everything else: that is libbson's.
class JsonWriter {
 public:
  JsonWriter(std::string& out, JsonStyle style) : out_(out), canonical_(style == JsonStyle::canonical) {}

  bool document(View view, int depth, bool with_keys) {
    if (depth > deepest) return false;
    const std::uint8_t* end = view.data() + 4;
    bool first = true;
    for (const auto& [key, value] : view) {
      if (!first) out_ += ", ";
      first = false;
      if (with_keys) {
        if (!text(key)) return false;
        out_ += " : ";
      }
      if (!one(value, depth)) return false;
      end = value.raw().data() + value.raw().size();
    }
    return end + 1 == view.data() + view.size();  // iterating ends in silence where the bytes make no sense
  }

 private:
  std::string& out_;
  bool canonical_;

  bool one(const Value& value, int depth) {
    const std::uint8_t* raw = value.raw().data();
    switch (value.type()) {
      case BSON_TYPE_UTF8:
        return text(value.text());
      case BSON_TYPE_DOCUMENT:
        return nested(value, depth, "{ ", " }");
      case BSON_TYPE_ARRAY:
        return nested(value, depth, "[ ", " ]");
      case BSON_TYPE_INT32:
        wrapped(load<std::int32_t>(raw), R"({ "$numberInt" : ")", R"(" })");
        return true;
      case BSON_TYPE_INT64:
        wrapped(load<std::int64_t>(raw), R"({ "$numberLong" : ")", R"(" })");
        return true;
      case BSON_TYPE_DOUBLE:
        return real(load<double>(raw));
      case BSON_TYPE_BOOL:
        out_ += value.boolean() ? "true" : "false";
        return true;
      case BSON_TYPE_NULL:
        out_ += "null";
        return true;
      case BSON_TYPE_OID:
        object_id(raw);
        return true;
      case BSON_TYPE_DATE_TIME:
        return date(load<std::int64_t>(raw));
      case BSON_TYPE_TIMESTAMP:
        timestamp(value.timestamp());
        return true;
      default:
        return false;
    }
  }

  bool nested(const Value& value, int depth, std::string_view open, std::string_view close) {
    out_ += open;
    if (!document(value.document(), depth + 1, value.is_document())) return false;
    out_ += close;
    return true;
  }

  bool text(std::string_view text) {
    out_ += '"';
    while (!text.empty()) {
      std::size_t plain = 0;
      while (plain < text.size() && is_plain(static_cast<unsigned char>(text[plain]))) ++plain;
      out_ += text.substr(0, plain);
      text.remove_prefix(plain);
      if (text.empty()) break;
      const std::size_t size = special(text);
      if (size == 0) return false;
      text.remove_prefix(size);
    }
    out_ += '"';
    return true;
  }

  std::size_t special(std::string_view text) {
    const char c = text.front();
    if (static_cast<unsigned char>(c) >= 0x80) {
      const std::size_t size = character(text);
      out_ += text.substr(0, size);
      return size;
    }
    out_ += '\\';
    if (const char escape = short_escape(c); escape != 0) {
      out_ += escape;
    } else {
      out_ += "u00";
      hex(static_cast<std::uint8_t>(c));
    }
    return 1;
  }

  void hex(std::uint8_t byte) {
    constexpr std::string_view digits = "0123456789abcdef";
    out_ += digits[byte >> 4];
    out_ += digits[byte & 15];
  }

  template <typename Number>
  void number(Number value) {
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.begin(), digits.end(), value).ptr;
    out_.append(digits.data(), end);
  }

  template <typename Number>
  void wrapped(Number value, std::string_view open, std::string_view close) {
    if (canonical_) out_ += open;
    number(value);
    if (canonical_) out_ += close;
  }

  bool real(double value) {
    if (!std::isfinite(value)) return false;
    std::array<char, 40> digits;
    const int size = std::snprintf(digits.data(), digits.size(), "%.20g", value);
    const std::string_view shown(digits.data(), static_cast<std::size_t>(size));
    if (canonical_) out_ += R"({ "$numberDouble" : ")";
    out_ += shown;
    if (shown.find_first_not_of("0123456789-") == std::string_view::npos) out_ += ".0";
    if (canonical_) out_ += R"(" })";
    return true;
  }

  void object_id(const std::uint8_t* bytes) {
    out_ += R"({ "$oid" : ")";
    for (int i = 0; i < 12; ++i) hex(bytes[i]);
    out_ += R"(" })";
  }

  void timestamp(std::uint64_t time) {
    out_ += R"({ "$timestamp" : { "t" : )";
    number(static_cast<std::uint32_t>(time >> 32));
    out_ += R"(, "i" : )";
    number(static_cast<std::uint32_t>(time));
    out_ += " } }";
  }

  bool date(std::int64_t ms) {
    if (canonical_ || ms < 0) {
      out_ += R"({ "$date" : { "$numberLong" : ")";
      number(ms);
      out_ += R"(" } })";
      return true;
    }
    if (ms > last_of_year_9999) return false;
    out_ += R"({ "$date" : ")";
    const std::time_t seconds = ms / 1000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 32> shown;
    out_.append(shown.data(), std::strftime(shown.data(), shown.size(), "%Y-%m-%dT%H:%M:%S", &parts));
    if (const auto rest = static_cast<int>(ms % 1000); rest != 0) {
      out_ += '.';
      out_ += static_cast<char>('0' + rest / 100);
      out_ += static_cast<char>('0' + rest / 10 % 10);
      out_ += static_cast<char>('0' + rest % 10);
    }
    out_ += R"(Z" })";
    return true;
  }
};

}  // namespace

bool append_json(std::string& out, View document, JsonStyle style) {
  const std::size_t start = out.size();
  out += "{ ";
  if (!document.empty() && JsonWriter(out, style).document(document, 0, true)) {
    out += " }";
    return true;
  }
  out.resize(start);
  const bson_t whole = document.borrow();
  std::size_t size = 0;
  const JsonText text(style == JsonStyle::canonical ? bson_as_canonical_extended_json(&whole, &size)
                                                    : bson_as_relaxed_extended_json(&whole, &size));
  if (text) out.append(text.get(), size);
  return text != nullptr;
}

}  // namespace sluice::bson
