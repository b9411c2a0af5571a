#pragma once

#include <bson/bson.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// Views over BSON that somebody else owns. Nothing here allocates, and nothing here outlives the buffer it
/// looks into: on the hot path that buffer is the server's reply, kept alive until its last event is
/// resolved.
namespace sluice::bson {

class View;

/// One value: its BSON type and the bytes that encode it. A default-made Value is absent (which is not null).
class Value {
 public:
  constexpr Value() = default;
  constexpr Value(bson_type_t type, std::span<const std::uint8_t> raw) : type_(type), raw_(raw) {}

  explicit operator bool() const { return type_ != BSON_TYPE_EOD; }
  bson_type_t type() const { return type_; }
  std::span<const std::uint8_t> raw() const { return raw_; }

  bool is_array() const { return type_ == BSON_TYPE_ARRAY; }
  bool is_document() const { return type_ == BSON_TYPE_DOCUMENT; }
  bool is_null() const { return type_ == BSON_TYPE_NULL; }

  /// The text of a string value; empty for every other type.
  std::string_view text() const;
  /// The number as an integer, if it is one (int32, int64, or a double without a fraction).
  std::optional<std::int64_t> integer() const;
  /// The document or array; an empty View for every other type.
  View document() const;
  bool boolean() const { return type_ == BSON_TYPE_BOOL && raw_[0] != 0; }
  /// {seconds, increment} of a timestamp as one ordered number; 0 for every other type.
  std::uint64_t timestamp() const;
  /// Milliseconds since the epoch of a date; 0 for every other type.
  std::int64_t date_ms() const;

  /// Same type and same bytes.
  friend bool operator==(const Value& a, const Value& b);

 private:
  bson_type_t type_ = BSON_TYPE_EOD;
  std::span<const std::uint8_t> raw_;
};

struct Element {
  std::string_view key;
  Value value;
};

/// A document or an array. A default-made View is absent: it has no bytes and iterates over nothing.
class View {
 public:
  class Iterator {
   public:
    Iterator() = default;
    explicit Iterator(const View& view);
    const Element& operator*() const { return element_; }
    const Element* operator->() const { return &element_; }
    Iterator& operator++();
    bool operator==(std::default_sentinel_t) const { return done_; }

   private:
    bson_iter_t iter_{};
    Element element_;
    bool done_ = true;
  };

  constexpr View() = default;
  constexpr View(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  explicit View(const bson_t& bson) : data_(bson_get_data(&bson)), size_(bson.len) {}

  explicit operator bool() const { return data_ != nullptr; }
  const std::uint8_t* data() const { return data_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ <= 5; }

  Iterator begin() const { return Iterator(*this); }
  std::default_sentinel_t end() const { return {}; }

  /// The value under this very key.
  Value at(std::string_view key) const;
  /// The value at a dotted path. Stops (absent) at anything but a document: it never looks into arrays.
  Value at_path(std::string_view path) const;

  /// A libbson document that shares these bytes; valid as long as they are.
  bson_t borrow() const;
  /// Relaxed Extended JSON with blanks, for people to read; never fails.
  std::string json() const;

  /// As a value of a document.
  Value as_value() const { return {BSON_TYPE_DOCUMENT, {data_, size_}}; }

 private:
  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

/// What makes two keys the same key: the server holds 1, 1L, 1.0 and Decimal128 "1.00" equal, in documents
/// too, so they are one identity here. A view: it borrows the value's bytes, except for numbers, which it
/// carries itself.
class Identity {
 public:
  Identity() = default;
  explicit Identity(const Value& value);

  /// Stable across runs, machines and versions: routing to lanes is part of what a checkpoint means.
  std::uint64_t hash(std::uint64_t seed) const;
  friend bool operator==(const Identity& a, const Identity& b);

 private:
  void take_number(const Value& value);
  void take_decimal(std::string_view scientific);

  std::uint8_t kind_ = 0;
  std::int16_t exponent_ =
      0;  ///< of a number that is no 64-bit integer: then number_ and high_ hold its digits
  std::int64_t number_ = 0;
  std::int64_t high_ = 0;
  std::span<const std::uint8_t> bytes_;
};

/// FNV-1a with a finishing mix; stable, see Identity::hash.
std::uint64_t stable_hash(std::span<const std::uint8_t> bytes, std::uint64_t seed);
std::uint64_t stable_hash(std::string_view text, std::uint64_t seed);

}  // namespace sluice::bson
