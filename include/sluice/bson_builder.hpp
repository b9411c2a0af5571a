#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "sluice/bson.hpp"

namespace sluice::bson {

/// Builds a BSON document front to back, in memory of its own.
///
///     bson::Builder values;
///     values.append("name", name).open_array("tags");
///     for (const auto& tag : tags) values.append(values.item(), tag);
///     values.close();
///     bson::View document = arena.keep_document(values.finish());
///
/// open() and close() have to match. Not thread-safe.
class Builder {
 public:
  Builder() { clear(); }

  /// Starts again with an empty document. The memory is kept for it.
  void clear();

  /// Appends a value of any type; nothing where it is absent.
  Builder& append(std::string_view key, const Value& value);
  Builder& append(std::string_view key, View document) { return append(key, document.as_value()); }
  Builder& append(std::string_view key, std::string_view text);
  Builder& append(std::string_view key, const char* text) { return append(key, std::string_view(text)); }
  Builder& append(std::string_view key, std::int32_t number);
  Builder& append(std::string_view key, std::int64_t number);
  Builder& append(std::string_view key, bool yes);
  Builder& append_null(std::string_view key);
  Builder& append_date(std::string_view key, std::int64_t ms_since_epoch);
  Builder& append_timestamp(std::string_view key, std::uint64_t time);
  Builder& append_binary(std::string_view key, std::span<const std::uint8_t> bytes);  ///< subtype 0

  Builder& open(std::string_view key);        ///< a document under `key`
  Builder& open_array(std::string_view key);  ///< an array under `key`; its keys are made by item()
  Builder& close();

  /// The next key of the innermost open array ("0", "1", ...). Valid until the next call.
  std::string_view item();

  std::size_t size() const { return bytes_.size(); }  ///< bytes so far

  /// A place in the innermost open document or array.
  struct Mark {
    std::size_t size;
    std::uint32_t items;
  };
  Mark mark() const { return {bytes_.size(), levels_.back().items}; }
  /// Removes what was appended behind the mark. Its document or array must still be open.
  void rewind(const Mark& mark);

  /// Ends the document. The view is valid until the builder is used again or destroyed.
  View finish();

 private:
  struct Level {
    std::size_t start;
    std::uint32_t items;
  };

  void head(bson_type_t type, std::string_view key);
  void raw(const void* data, std::size_t size);
  void push(bson_type_t type, std::string_view key);
  void end_level();

  std::vector<std::uint8_t> bytes_;
  std::vector<Level> levels_;
  char item_[16] = {};
};

}  // namespace sluice::bson
