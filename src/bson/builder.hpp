#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "sluice/bson.hpp"

namespace sluice::bson {

/// Writes BSON front to back into one buffer that is kept from batch to batch. Values are copied as raw
/// bytes, which libbson's own appenders cannot do without naming each type.
class Builder {
 public:
  Builder() { clear(); }

  /// Start again with an empty document; memory is kept.
  void clear();

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

  /// The next key of the innermost array, valid until the next call.
  std::string_view item();

  std::size_t size() const { return bytes_.size(); }

  /// A place in the innermost document or array, to come back to while that is still open.
  struct Mark {
    std::size_t size;
    std::uint32_t items;
  };
  Mark mark() const { return {bytes_.size(), levels_.back().items}; }
  void rewind(const Mark& mark);

  /// Ends the document. The view is valid until the builder is used again.
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
