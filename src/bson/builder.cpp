#include "sluice/bson_builder.hpp"

#include <charconv>
#include <cstring>

namespace sluice::bson {

void Builder::clear() {
  bytes_.assign(4, 0);
  levels_.assign(1, {0, 0});
}

void Builder::raw(const void* data, std::size_t size) {
  const auto* from = static_cast<const std::uint8_t*>(data);
  bytes_.insert(bytes_.end(), from, from + size);
}

void Builder::head(bson_type_t type, std::string_view key) {
  bytes_.push_back(static_cast<std::uint8_t>(type));
  raw(key.data(), key.size());
  bytes_.push_back(0);
}

Builder& Builder::append(std::string_view key, const Value& value) {
  head(value.type(), key);
  raw(value.raw().data(), value.raw().size());
  return *this;
}

Builder& Builder::append(std::string_view key, std::string_view text) {
  head(BSON_TYPE_UTF8, key);
  const auto size = static_cast<std::int32_t>(text.size() + 1);
  raw(&size, sizeof size);
  raw(text.data(), text.size());
  bytes_.push_back(0);
  return *this;
}

Builder& Builder::append(std::string_view key, std::int32_t number) {
  head(BSON_TYPE_INT32, key);
  raw(&number, sizeof number);
  return *this;
}

Builder& Builder::append(std::string_view key, std::int64_t number) {
  head(BSON_TYPE_INT64, key);
  raw(&number, sizeof number);
  return *this;
}

Builder& Builder::append(std::string_view key, bool yes) {
  head(BSON_TYPE_BOOL, key);
  bytes_.push_back(yes ? 1 : 0);
  return *this;
}

Builder& Builder::append_null(std::string_view key) {
  head(BSON_TYPE_NULL, key);
  return *this;
}

Builder& Builder::append_date(std::string_view key, std::int64_t ms_since_epoch) {
  head(BSON_TYPE_DATE_TIME, key);
  raw(&ms_since_epoch, sizeof ms_since_epoch);
  return *this;
}

Builder& Builder::append_timestamp(std::string_view key, std::uint64_t time) {
  head(BSON_TYPE_TIMESTAMP, key);
  raw(&time, sizeof time);
  return *this;
}

Builder& Builder::append_binary(std::string_view key, std::span<const std::uint8_t> bytes) {
  head(BSON_TYPE_BINARY, key);
  const auto size = static_cast<std::int32_t>(bytes.size());
  raw(&size, sizeof size);
  bytes_.push_back(BSON_SUBTYPE_BINARY);
  raw(bytes.data(), bytes.size());
  return *this;
}

void Builder::push(bson_type_t type, std::string_view key) {
  head(type, key);
  levels_.push_back({bytes_.size(), 0});
  bytes_.insert(bytes_.end(), 4, 0);
}

Builder& Builder::open(std::string_view key) {
  push(BSON_TYPE_DOCUMENT, key);
  return *this;
}

Builder& Builder::open_array(std::string_view key) {
  push(BSON_TYPE_ARRAY, key);
  return *this;
}

void Builder::end_level() {
  bytes_.push_back(0);
  const std::size_t start = levels_.back().start;
  const auto size = static_cast<std::int32_t>(bytes_.size() - start);
  std::memcpy(bytes_.data() + start, &size, sizeof size);
  levels_.pop_back();
}

Builder& Builder::close() {
  end_level();
  return *this;
}

std::string_view Builder::item() {
  const auto end = std::to_chars(item_, item_ + sizeof item_, levels_.back().items++).ptr;
  return {item_, static_cast<std::size_t>(end - item_)};
}

void Builder::rewind(const Mark& mark) {
  bytes_.resize(mark.size);
  levels_.back().items = mark.items;
}

View Builder::finish() {
  while (!levels_.empty()) end_level();
  return {bytes_.data(), bytes_.size()};
}

}  // namespace sluice::bson
