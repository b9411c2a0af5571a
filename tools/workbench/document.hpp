#pragma once

#include <bson/bson.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace workbench {

/// An owned BSON document. Made from Extended JSON without ceremony, for that is how tests write documents.
class Document {
 public:
  Document();
  Document(const char* json);         // NOLINT(google-explicit-constructor)
  Document(const std::string& json);  // NOLINT(google-explicit-constructor)
  explicit Document(const bson_t& source);
  Document(const Document& other);
  Document(Document&& other) noexcept;
  Document& operator=(Document other) noexcept;
  ~Document();

  const bson_t* get() const { return bson_; }
  bson_t* get() { return bson_; }

  bool has(const std::string& path) const;
  bool empty() const { return bson_empty(bson_); }
  /// The value at a dotted path, read as the type that the name says; the fallback when it is another or
  /// absent.
  std::int64_t integer(const std::string& path, std::int64_t fallback = 0) const;
  std::string text(const std::string& path, const std::string& fallback = "") const;
  bool boolean(const std::string& path) const;
  /// {seconds, increment} of a timestamp as one ordered number.
  std::uint64_t timestamp(const std::string& path) const;
  /// The document or array at the path; empty when there is none.
  Document child(const std::string& path) const;
  /// The value alone as canonical Extended JSON; "" when it is absent (null is "null").
  std::string value(const std::string& path) const;
  /// Type and bytes of the value: equal for equal values, made to be a map's key. "" when it is absent.
  std::string key(const std::string& path) const;
  /// The whole document as relaxed Extended JSON.
  std::string json() const;
  /// As the program sends it. For documents without doubles, which it writes in its own way.
  std::string compact_json() const;

 private:
  bson_t* bson_;
};

/// The text as a JSON string, quotes included.
std::string quoted(std::string_view text);

/// JSON without the blanks between its pieces.
std::string without_blanks(std::string_view json);

}  // namespace workbench
