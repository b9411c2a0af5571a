#include "check.hpp"

#include <algorithm>
#include <stdexcept>

namespace storm {
namespace {

std::string text_of(const bson_iter_t& iter) {
  if (BSON_ITER_HOLDS_UTF8(&iter)) return bson_iter_utf8(&iter, nullptr);
  if (!BSON_ITER_HOLDS_OID(&iter)) return std::to_string(bson_iter_as_int64(&iter));
  char text[25];
  bson_oid_to_string(bson_iter_oid(&iter), text);
  return text;
}

}  // namespace

Counts counts(const Client& client, const std::string& database, const std::string& name,
              std::string_view pipeline) {
  const Collection from = collection(client, database, name);
  const Bson stages = json(R"({"pipeline":)" + std::string(pipeline) + "}");
  const Cursor cursor(mongoc_collection_aggregate(from.get(), MONGOC_QUERY_NONE, stages.get(),
                                                  json(R"({"allowDiskUse":true})").get(), nullptr));
  Counts out;
  const bson_t* row = nullptr;
  while (mongoc_cursor_next(cursor.get(), &row)) {
    bson_iter_t id;
    if (!bson_iter_init_find(&id, row, "_id")) continue;
    if (const std::int64_t n = integer_at(row, "n"); n != 0) out[text_of(id)] = n;
  }
  bson_error_t error;
  if (mongoc_cursor_error(cursor.get(), &error)) throw MongoError("aggregate", error);
  return out;
}

void expect_equal(const std::string& what, const Counts& kept, const Counts& fresh) {
  if (kept == fresh) return;
  const auto describe = [](const Counts& side, Counts::const_iterator at) {
    return at == side.end() ? std::string("nothing") : at->first + ": " + std::to_string(at->second);
  };
  const auto [left, right] = std::mismatch(kept.begin(), kept.end(), fresh.begin(), fresh.end());
  throw std::runtime_error("wrong result, no figure: " + what + " is kept as " + describe(kept, left) +
                           " where a fresh computation has " + describe(fresh, right) + " (" +
                           std::to_string(kept.size()) + " and " + std::to_string(fresh.size()) +
                           " entries)");
}

}  // namespace storm
