#include "bson/json_writer.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <string_view>

#include "bson/load.hpp"
#include "bson/text.hpp"
#include "text/hex.hpp"
#include "text/json.hpp"

namespace sluice::bson {

namespace {

constexpr std::int64_t last_of_year_9999 = 253'402'300'799'999;  // later ones have years of five digits

/// A BSON string: its size, the text, a zero byte.
std::string_view string_at(const std::uint8_t* raw) {
  return {reinterpret_cast<const char*>(raw) + 4, load<std::uint32_t>(raw) - 1};
}

class JsonWriter {
 public:
  JsonWriter(std::string& out, JsonFormat format)
      : out_(out),
        canonical_(format.style == JsonStyle::canonical),
        escape_(format.bytes == JsonBytes::replaced ? text::JsonEscape::replace_invalid
                                                    : text::JsonEscape::keep_invalid) {}

  JsonFailure failure() const { return failure_; }

  bool document(View view, int depth) { return nested(view, depth, true); }

  bool value(const Value& value, int depth) {
    const std::uint8_t* raw = value.raw().data();
    switch (value.type()) {
      case BSON_TYPE_UTF8:
        text(value.text());
        return true;
      case BSON_TYPE_DOCUMENT:
      case BSON_TYPE_ARRAY:
        return nested(value.document(), depth + 1, value.is_document());
      case BSON_TYPE_INT32:
        wrapped(load<std::int32_t>(raw), R"({"$numberInt":")");
        return true;
      case BSON_TYPE_INT64:
        wrapped(load<std::int64_t>(raw), R"({"$numberLong":")");
        return true;
      case BSON_TYPE_DOUBLE:
        real(load<double>(raw));
        return true;
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
        date(load<std::int64_t>(raw));
        return true;
      default:
        return rare(value, depth);
    }
  }

 private:
  std::string& out_;
  const bool canonical_;
  const text::JsonEscape escape_;
  JsonFailure failure_ = JsonFailure::none;

  bool fail(JsonFailure failure) {
    failure_ = failure;
    return false;
  }

  bool nested(View view, int depth, bool with_keys) {
    if (depth > most_json_levels) return fail(JsonFailure::too_deep);
    if (!view) return fail(JsonFailure::not_bson);
    const std::uint8_t* end = view.data() + 4;
    bool first = true;
    out_ += with_keys ? '{' : '[';
    for (const auto& [key, value] : view) {
      if (!first) out_ += ',';
      first = false;
      if (with_keys) {
        text(key);
        out_ += ':';
      }
      if (!this->value(value, depth)) return false;
      end = value.raw().data() + value.raw().size();
    }
    out_ += with_keys ? '}' : ']';
    // The iterator stops silently at bytes that are not valid BSON.
    return end + 1 == view.data() + view.size() || fail(JsonFailure::not_bson);
  }

  bool rare(const Value& value, int depth) {
    const std::uint8_t* raw = value.raw().data();
    switch (value.type()) {
      case BSON_TYPE_TIMESTAMP:
        timestamp(value.timestamp());
        return true;
      case BSON_TYPE_DECIMAL128:
        out_ += R"({"$numberDecimal":")";
        append_text(out_, value);
        out_ += R"("})";
        return true;
      case BSON_TYPE_BINARY:
        binary(value.raw());
        return true;
      case BSON_TYPE_REGEX:
        regex(reinterpret_cast<const char*>(raw));
        return true;
      case BSON_TYPE_SYMBOL:
        return named(R"({"$symbol":)", string_at(raw));
      case BSON_TYPE_CODE:
        return named(R"({"$code":)", string_at(raw));
      case BSON_TYPE_CODEWSCOPE:
        return code_with_scope(value.raw(), depth);
      case BSON_TYPE_DBPOINTER:
        pointer(raw);
        return true;
      case BSON_TYPE_UNDEFINED:
        out_ += R"({"$undefined":true})";
        return true;
      case BSON_TYPE_MINKEY:
        out_ += R"({"$minKey":1})";
        return true;
      case BSON_TYPE_MAXKEY:
        out_ += R"({"$maxKey":1})";
        return true;
      default:
        return fail(JsonFailure::not_bson);
    }
  }

  bool named(std::string_view open, std::string_view value) {
    out_ += open;
    text(value);
    out_ += '}';
    return true;
  }

  void text(std::string_view text) { text::append_json(out_, text, escape_); }

  template <typename Number>
  void number(Number value) {
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.begin(), digits.end(), value).ptr;
    out_.append(digits.data(), end);
  }

  template <typename Number>
  void wrapped(Number value, std::string_view open) {
    if (canonical_) out_ += open;
    number(value);
    if (canonical_) out_ += R"("})";
  }

  /// A whole number gets a fraction of 0, so that it reads back as a double.
  void real(double value) {
    const bool named = canonical_ || !std::isfinite(value);
    if (named) out_ += R"({"$numberDouble":")";
    const std::size_t start = out_.size();
    if (value == 0 && std::signbit(value)) out_ += '-';
    append_number(out_, value);
    const bool whole = out_.find_first_not_of("0123456789-", start) == std::string::npos;
    if (whole) out_ += ".0";
    if (named) out_ += R"("})";
  }

  void object_id(const std::uint8_t* bytes) {
    constexpr std::size_t size = 12;
    out_ += R"({"$oid":")";
    text::append_hex(out_, bytes, size);
    out_ += R"("})";
  }

  void timestamp(std::uint64_t time) {
    out_ += R"({"$timestamp":{"t":)";
    number(static_cast<std::uint32_t>(time >> 32));
    out_ += R"(,"i":)";
    number(static_cast<std::uint32_t>(time));
    out_ += "}}";
  }

  void date(std::int64_t ms) {
    if (canonical_ || ms < 0 || ms > last_of_year_9999) {
      out_ += R"({"$date":{"$numberLong":")";
      number(ms);
      out_ += R"("}})";
      return;
    }
    out_ += R"({"$date":")";
    append_date(out_, ms);
    constexpr std::string_view no_fraction = ".000Z";
    if (ms % 1000 == 0) out_.replace(out_.size() - no_fraction.size(), no_fraction.size(), "Z");
    out_ += R"("})";
  }

  void binary(std::span<const std::uint8_t> raw) {
    constexpr std::size_t before_bytes = 5;  // the size and the subtype
    constexpr std::size_t old_size = 4;      // this subtype has its size before its bytes once more
    const std::uint8_t subtype = raw[4];
    std::span<const std::uint8_t> bytes = raw.subspan(before_bytes);
    if (subtype == BSON_SUBTYPE_BINARY_DEPRECATED && bytes.size() >= old_size)
      bytes = bytes.subspan(old_size);
    out_ += R"({"$binary":{"base64":")";
    base64(bytes);
    out_ += R"(","subType":")";
    text::append_hex(out_, &subtype, 1);
    out_ += R"("}})";
  }

  void base64(std::span<const std::uint8_t> bytes) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
      const auto byte = [&](std::size_t at) { return at < bytes.size() ? std::uint32_t{bytes[at]} : 0; };
      const std::uint32_t three = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
      out_ += digits[three >> 18];
      out_ += digits[three >> 12 & 63];
      out_ += i + 1 < bytes.size() ? digits[three >> 6 & 63] : '=';
      out_ += i + 2 < bytes.size() ? digits[three & 63] : '=';
    }
  }

  void regex(const char* pattern) {
    out_ += R"({"$regularExpression":{"pattern":)";
    text(pattern);
    out_ += R"(,"options":)";
    text(pattern + std::strlen(pattern) + 1);
    out_ += "}}";
  }

  bool code_with_scope(std::span<const std::uint8_t> raw, int depth) {
    constexpr std::size_t before_string = 4;  // the size of the whole
    const std::string_view code = string_at(raw.data() + before_string);
    const std::size_t scope = before_string + 4 + code.size() + 1;
    if (scope > raw.size()) return fail(JsonFailure::not_bson);
    out_ += R"({"$code":)";
    text(code);
    out_ += R"(,"$scope":)";
    if (!nested({raw.data() + scope, raw.size() - scope}, depth + 1, true)) return false;
    out_ += '}';
    return true;
  }

  void pointer(const std::uint8_t* raw) {
    const std::string_view collection = string_at(raw);
    out_ += R"({"$dbPointer":{"$ref":)";
    text(collection);
    out_ += R"(,"$id":)";
    object_id(raw + 4 + collection.size() + 1);
    out_ += "}}";
  }
};

}  // namespace

JsonFailure append_json(std::string& out, View document, JsonFormat format) {
  JsonWriter writer(out, format);
  writer.document(document, 0);
  return writer.failure();
}

JsonFailure append_json(std::string& out, const Value& value, JsonFormat format) {
  JsonWriter writer(out, format);
  writer.value(value, 0);
  return writer.failure();
}

const char* reason_of(JsonFailure failure) {
  switch (failure) {
    case JsonFailure::too_deep:
      return "the document nests more than 250 levels deep, which is not written as JSON";
    case JsonFailure::not_bson:
      return "the document's bytes are not valid BSON";
    case JsonFailure::none:
      break;
  }
  return "";
}

}  // namespace sluice::bson
