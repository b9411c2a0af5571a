#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/bson_builder.hpp"

namespace sluice::fuzz {

/// Makes well-formed documents out of any bytes: bytes alone are hardly ever BSON, and what is to be tried is
/// what happens behind the reading of it.
class MadeDocument {
 public:
  MadeDocument(const std::uint8_t* data, std::size_t size) : next_(data), end_(data + size) {}

  /// An event of the stream, more or less.
  bson::View event() {
    out_.open("_id").append("_data", name()).close();
    static constexpr const char* operations[] = {"insert", "update", "replace", "delete", "update", "rename"};
    out_.append("operationType", operations[byte() % std::size(operations)]);
    static constexpr const char* collections[] = {"articles", "users", "favorites", "other"};
    out_.open("ns").append("db", "d").append("coll", collections[byte() % std::size(collections)]).close();
    out_.open("documentKey");
    value("_id", 2);
    out_.close();
    if (const unsigned detail = byte() % 8; detail < 3) out_.append("sluiceDetail", static_cast<int>(detail));
    if (byte() % 4 > 0) document("fullDocumentBeforeChange", 6);
    if (byte() % 4 == 0) document("fullDocument", 6);
    if (byte() % 4 > 0) update();
    if (byte() % 16 == 0)
      out_.open("splitEvent").append("fragment", byte() % 3).append("of", byte() % 3).close();
    if (byte() % 16 == 0) value("fullDocument", 100);
    return out_.finish();
  }

 private:
  std::int32_t byte() { return next_ == end_ ? 0 : *next_++; }

  std::string name() {
    static constexpr std::string_view names[] = {"a",       "b",        "tagList", "authorId", "articleId",
                                                 "0",       "1",        "meta",    "tags",     "meta.tags",
                                                 "members", "username", "$x",      "",         "\xff"};
    return std::string(names[static_cast<std::size_t>(byte()) % std::size(names)]);
  }

  std::string path() {
    std::string result = name();
    for (int more = byte() % 4; more > 0; --more) result += "." + name();
    if (byte() == 77) {
      for (int i = 0; i < 3000; ++i) result += ".a";
    }
    if (byte() == 78) result += "." + std::to_string(static_cast<std::uint32_t>(byte()) << 24);
    return result;
  }

  void update() {
    out_.open("updateDescription").open("updatedFields");
    for (int more = byte() % 6; more > 0; --more) value(path(), 4);
    out_.close().open_array("removedFields");
    for (int more = byte() % 3; more > 0; --more) out_.append(out_.item(), path());
    out_.close().open_array("truncatedArrays");
    for (int more = byte() % 3; more > 0; --more) {
      out_.open(out_.item()).append("field", path());
      value("newSize", 1);
      out_.close();
    }
    out_.close();
    if (byte() % 3 == 0) {
      out_.open("disambiguatedPaths");
      for (int more = byte() % 4; more > 0; --more) {
        out_.open_array(path());
        for (int parts = byte() % 4; parts > 0; --parts) out_.append(out_.item(), name());
        out_.close();
      }
      out_.close();
    }
    out_.close();
  }

  void document(const std::string& key, int depth) {
    out_.open(key);
    for (int more = byte() % 8; more > 0; --more) value(name(), depth - 1);
    out_.close();
  }

  void array(const std::string& key, int depth) {
    out_.open_array(key);
    for (int more = byte() % 8; more > 0; --more) value(std::string(out_.item()), depth - 1);
    out_.close();
  }

  void bytes(const std::string& key, bson_type_t type, std::size_t size) {
    std::uint8_t raw[16];
    for (auto& one : raw) one = static_cast<std::uint8_t>(byte());
    out_.append(key, bson::Value(type, {raw, size}));
  }

  void value(const std::string& key, int depth) {
    switch (byte() % 12) {
      case 0:
        return bytes(key, BSON_TYPE_DOUBLE, 8);
      case 1:
        return bytes(key, BSON_TYPE_DECIMAL128, 16);
      case 2:
        return bytes(key, BSON_TYPE_INT64, 8);
      case 3:
        return bytes(key, BSON_TYPE_OID, 12);
      case 4:
        out_.append(key, name());
        return;
      case 5:
        out_.append_null(key);
        return;
      case 6:
        return bytes(key, BSON_TYPE_TIMESTAMP, 8);
      case 7:
        return bytes(key, BSON_TYPE_MINKEY, 0);
      case 8:
      case 9:
        if (depth > 0) return document(key, depth);
        break;
      case 10:
        if (depth > 0) return array(key, depth);
        break;
      default:
        break;
    }
    out_.append(key, byte());
  }

  const std::uint8_t* next_;
  const std::uint8_t* end_;
  bson::Builder out_;
};

}  // namespace sluice::fuzz
