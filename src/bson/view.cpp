#include <cstring>

#include "bson/raii.hpp"
#include "sluice/bson.hpp"

namespace sluice::bson {

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
  const bson_t bson = borrow();
  const JsonText text(bson_as_relaxed_extended_json(&bson, nullptr));
  return text ? std::string(text.get()) : "<invalid BSON>";
}

}  // namespace sluice::bson
