#include "support/sorted_json.hpp"

#include <map>

namespace sluice::test {
namespace {

std::string sorted(const bson_t* bson, bool array);

std::string sorted_value(const bson_iter_t& iter) {
  const bool array = BSON_ITER_HOLDS_ARRAY(&iter);
  const std::uint8_t* data = nullptr;
  std::uint32_t size = 0;
  if (array) {
    bson_iter_array(&iter, &size, &data);
  } else if (BSON_ITER_HOLDS_DOCUMENT(&iter)) {
    bson_iter_document(&iter, &size, &data);
  } else {
    workbench::Document alone;
    bson_append_iter(alone.get(), "v", 1, &iter);
    const std::string wrapped = alone.json();
    return wrapped.substr(8, wrapped.size() - 10);  // { "v" : <value> }
  }
  bson_t inner;
  return bson_init_static(&inner, data, size) ? sorted(&inner, array) : "?";
}

std::string sorted(const bson_t* bson, bool array) {
  std::multimap<std::string, std::string> fields;
  std::string elements;
  bson_iter_t iter;
  if (!bson_iter_init(&iter, bson)) return "?";
  while (bson_iter_next(&iter)) {
    if (array) {
      elements += (elements.empty() ? "" : ", ") + sorted_value(iter);
    } else {
      fields.emplace(bson_iter_key(&iter), sorted_value(iter));
    }
  }
  if (array) return "[" + elements + "]";
  for (const auto& [key, value] : fields) elements += (elements.empty() ? "" : ", ") + key + ": " + value;
  return "{" + elements + "}";
}

}  // namespace

std::string sorted_json(const workbench::Document& document) {
  return sorted(document.get(), false);
}

}  // namespace sluice::test
