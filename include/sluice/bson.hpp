#pragma once

#include <bson/bson.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// Views over BSON documents. A view owns nothing: it is valid as long as the buffer that it points into. A
/// rule's views point into the server's reply, which lives until the last of its events is resolved. Nothing
/// here allocates, apart from View::json(), and nothing throws. Views may be read by several threads.
namespace sluice::bson {

class View;

/// A value: its BSON type and the bytes that encode it. A default-constructed Value is absent, which is not
/// the same as null.
class Value {
 public:
  constexpr Value() = default;
  constexpr Value(bson_type_t type, std::span<const std::uint8_t> raw) : type_(type), raw_(raw) {}

  /// False where it is absent.
  explicit operator bool() const { return type_ != BSON_TYPE_EOD; }
  bson_type_t type() const { return type_; }
  /// The bytes of the value alone, without its type and key.
  std::span<const std::uint8_t> raw() const { return raw_; }

  bool is_array() const { return type_ == BSON_TYPE_ARRAY; }
  bool is_document() const { return type_ == BSON_TYPE_DOCUMENT; }  ///< false for an array
  bool is_null() const { return type_ == BSON_TYPE_NULL; }

  /// The text of a string value; empty for every other type.
  std::string_view text() const;
  /// The number of an int32, an int64, or a double without a fraction; nothing for every other value.
  std::optional<std::int64_t> integer() const;
  /// The document or array; an empty View for every other type.
  View document() const;
  /// False for every type but a boolean.
  bool boolean() const { return type_ == BSON_TYPE_BOOL && raw_[0] != 0; }
  /// A timestamp as one number, with the seconds in the high 32 bits and the increment in the low 32 bits; 0
  /// for every other type.
  std::uint64_t timestamp() const;
  /// A date in milliseconds since the epoch; 0 for every other type.
  std::int64_t date_ms() const;

  /// Whether type and bytes are the same. 1 and 1.0 are different here; see Identity.
  friend bool operator==(const Value& a, const Value& b);

 private:
  bson_type_t type_ = BSON_TYPE_EOD;
  std::span<const std::uint8_t> raw_;
};

/// A field of a document, or an item of an array: then the key is its index.
struct Element {
  std::string_view key;
  Value value;
};

/// A document or an array. A default-constructed View is absent: it has no bytes, and iterating over it gives
/// nothing.
class View {
 public:
  /// Iterates over the fields in their order. Stops at the first byte that is not valid BSON.
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

  /// False where it is absent.
  explicit operator bool() const { return data_ != nullptr; }
  const std::uint8_t* data() const { return data_; }
  std::size_t size() const { return size_; }  ///< in bytes
  bool empty() const { return size_ <= 5; }   ///< it has no field, or is absent

  Iterator begin() const { return Iterator(*this); }
  std::default_sentinel_t end() const { return {}; }

  /// The value under this key, which is taken literally, dots included; absent where there is none.
  Value at(std::string_view key) const;
  /// The value at a dotted path, such as `address.city`. Absent where there is none, and where the path leads
  /// through an array.
  Value at_path(std::string_view path) const;

  /// A libbson document that shares these bytes, and is valid as long as they are.
  bson_t borrow() const;
  /// The document as relaxed Extended JSON on one line, with blanks for readability. Never fails: bytes that
  /// cannot be written as JSON are replaced.
  std::string json() const;

  /// The document as a value, to be put under a key.
  Value as_value() const { return {BSON_TYPE_DOCUMENT, {data_, size_}}; }

 private:
  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Compares `_id` values as the server does: 1, 1L, 1.0 and Decimal128 "1.00" are equal, also inside
/// documents. It is a view of the value's bytes.
class Identity {
 public:
  Identity() = default;
  explicit Identity(const Value& value);

  /// Equal identities have equal hashes. The hash is the same in each run, on each machine and in each
  /// version of the library.
  std::uint64_t hash(std::uint64_t seed) const;
  friend bool operator==(const Identity& a, const Identity& b);

 private:
  void take_number(const Value& value);
  void take_decimal(std::string_view scientific);

  std::uint8_t kind_ = 0;
  /// For a number that is not a 64-bit integer: its exponent. number_ and high_ then hold its digits.
  std::int16_t exponent_ = 0;
  std::int64_t number_ = 0;
  std::int64_t high_ = 0;
  std::span<const std::uint8_t> bytes_;
};

/// FNV-1a with a final mixing step. As stable as Identity::hash().
std::uint64_t stable_hash(std::span<const std::uint8_t> bytes, std::uint64_t seed);
std::uint64_t stable_hash(std::string_view text, std::uint64_t seed);

}  // namespace sluice::bson
