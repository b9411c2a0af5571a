#pragma once

#include <bson/bson.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace workbench {

/// A BSON document that owns its memory. Converts implicitly from Extended JSON, in which tests write
/// documents.
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
  /// The value at a dotted path as the type in the function's name; the fallback if it is absent or of
  /// another type.
  std::int64_t integer(const std::string& path, std::int64_t fallback = 0) const;
  std::string text(const std::string& path, const std::string& fallback = "") const;
  bool boolean(const std::string& path) const;
  /// A BSON timestamp as one number: seconds in the upper 32 bits, increment in the lower. 0 if there is
  /// none.
  std::uint64_t timestamp(const std::string& path) const;
  /// The document or array at the path; empty if there is none.
  Document child(const std::string& path) const;
  /// The value as canonical Extended JSON; "" if it is absent (null is "null").
  std::string value(const std::string& path) const;
  /// The type and bytes of the value, for use as a map's key: equal for equal values. "" if it is absent.
  std::string key(const std::string& path) const;
  /// The whole document as relaxed Extended JSON.
  std::string json() const;
  /// The same without blanks, as Sluice sends documents. Not for documents with doubles, which Sluice formats
  /// differently.
  std::string compact_json() const;

 private:
  bson_t* bson_;
};

/// The text as a JSON string, quotes included.
std::string quoted(std::string_view text);

/// JSON without the spaces between its tokens.
std::string without_blanks(std::string_view json);

}  // namespace workbench
