#include <cstring>

#include "bson/json_writer.hpp"
#include "sluice/bson.hpp"

namespace sluice::bson {

namespace {

/// Adds blanks to JSON, for people to read.
std::string with_blanks(std::string_view json) {
  std::string out;
  out.reserve(json.size() + json.size() / 4);
  bool in_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_text) {
      out += c;
      if (c == '\\') out += json[++i];
      in_text = c != '"';
      continue;
    }
    if (c == ':' || c == '}' || c == ']') out += ' ';
    out += c;
    if (c == '{' || c == '[' || c == ':' || c == ',') out += ' ';
    in_text = c == '"';
  }
  return out;
}

}  // namespace

View::Iterator::Iterator(const View& view) {
  done_ = view.data_ == nullptr || !bson_iter_init_from_data(&iter_, view.data_, view.size_);
  if (!done_) ++*this;
}

View::Iterator& View::Iterator::operator++() {
  if (!bson_iter_next(&iter_)) {
    done_ = true;
    return *this;
  }
  const char* key = bson_iter_key(&iter_);
  const std::size_t length = bson_iter_key_len(&iter_);
  const auto* value = reinterpret_cast<const std::uint8_t*>(key) + length + 1;
  const std::uint8_t* next = iter_.raw + iter_.next_off;
  element_.key = {key, length};
  element_.value = Value(bson_iter_type(&iter_), {value, next});
  return *this;
}

Value View::at(std::string_view key) const {
  for (const Element& element : *this) {
    if (element.key == key) return element.value;
  }
  return {};
}

Value View::at_path(std::string_view path) const {
  View document = *this;
  while (true) {
    const auto dot = path.find('.');
    const Value value = document.at(path.substr(0, dot));
    if (dot == std::string_view::npos || !value.is_document()) {
      return dot == std::string_view::npos ? value : Value{};
    }
    document = value.document();
    path.remove_prefix(dot + 1);
  }
}

bson_t View::borrow() const {
  bson_t bson = BSON_INITIALIZER;
  if (data_ != nullptr) bson_init_static(&bson, data_, size_);
  return bson;
}

std::string View::json() const {
  if (data_ == nullptr) return "null";
  if (empty()) return "{ }";
  std::string compact;
  const JsonFailure failure = append_json(compact, *this, JsonStyle::relaxed);
  return failure == JsonFailure::none ? with_blanks(compact) : "<" + std::string(reason_of(failure)) + ">";
}

}  // namespace sluice::bson
