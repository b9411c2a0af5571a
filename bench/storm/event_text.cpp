#include "event_text.hpp"

#include <memory>

#include "mongo.hpp"

namespace storm {

std::string text_at(const bson_t* event, const char* path) {
  bson_iter_t iter;
  bson_iter_t found;
  const bool there = bson_iter_init(&iter, event) && bson_iter_find_descendant(&iter, path, &found);
  if (there && BSON_ITER_HOLDS_UTF8(&found)) return bson_iter_utf8(&found, nullptr);
  if (!there || !BSON_ITER_HOLDS_OID(&found)) return {};
  char hex[25];
  bson_oid_to_string(bson_iter_oid(&found), hex);
  return hex;
}

std::string relaxed_json(const bson_t* event) {
  std::size_t size = 0;
  const std::unique_ptr<char, Freed<bson_free>> json(bson_as_relaxed_extended_json(event, &size));
  return {json.get(), size};
}

}  // namespace storm
