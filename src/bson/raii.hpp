#pragma once

#include <bson/bson.h>

#include <memory>

namespace sluice::bson {

struct FreeText {
  void operator()(char* text) const { bson_free(text); }
};
using JsonText = std::unique_ptr<char, FreeText>;

/// A libbson document that owns its bytes; for commands and replies, where libmongoc wants a bson_t.
class Document {
 public:
  Document() { bson_init(&bson_); }
  /// Moving a small document moves its bytes, so views into it become invalid.
  Document(Document&& other) noexcept { take(other); }
  Document& operator=(Document&& other) noexcept {
    if (this == &other) return *this;
    bson_destroy(&bson_);
    take(other);
    return *this;
  }
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;
  ~Document() { bson_destroy(&bson_); }

  bson_t* get() { return &bson_; }
  const bson_t* get() const { return &bson_; }

  /// For functions of libmongoc that initialise the bson_t they are given.
  bson_t* out() {
    bson_destroy(&bson_);
    return &bson_;
  }

 private:
  void take(Document& other) {
    bson_steal(&bson_, &other.bson_);  // a bson_t may point into itself, so it cannot be copied
    bson_init(&other.bson_);
  }

  bson_t bson_;
};

}  // namespace sluice::bson
