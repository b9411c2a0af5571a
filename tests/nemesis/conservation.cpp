#include "nemesis/conservation.hpp"

namespace sluice::nemesis {
namespace {

using workbench::Mongo;

std::int64_t total(Mongo& db, const std::string& collection, const std::string& stages) {
  const auto sums = db.aggregate(collection, "{\"pipeline\":[" + stages + "]}");
  return sums.empty() ? 0 : sums[0].integer("n");
}

std::string difference(const std::string& what, std::int64_t counted, std::int64_t there) {
  if (counted == there) return "";
  return what + " counted add up to " + std::to_string(counted) + ", but there are " + std::to_string(there) +
         "\n";
}

}  // namespace

std::string not_conserved(Mongo& db) {
  const auto favorites_counted =
      total(db, "articles", R"({"$group":{"_id":null,"n":{"$sum":"$favoritesCount"}}})");
  // Without a field to join by, $lookup would take null, and an article may be called that.
  const auto favorites = total(db, "favorites", R"({"$match":{"articleId":{"$exists":true}}},
      {"$lookup":{"from":"articles","localField":"articleId","foreignField":"_id","as":"article"}},
      {"$match":{"article":{"$ne":[]}}},{"$count":"n"})");
  const auto tags_counted = total(db, "tags", R"({"$group":{"_id":null,"n":{"$sum":"$articleCount"}}})");
  const auto tags = total(db, "articles",
                          R"({"$group":{"_id":null,"n":{"$sum":{"$size":
      {"$setUnion":[{"$ifNull":["$tagList",[]]},[]]}}}}})");
  return difference("favourites", favorites_counted, favorites) + difference("tags", tags_counted, tags);
}

}  // namespace sluice::nemesis
