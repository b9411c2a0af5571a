#include "filter_shapes.hpp"

namespace storm {
namespace {

std::string match(const std::string& conditions) {
  return R"({"$match":{)" + conditions + "}}";
}

std::string expression(const std::string& expression) {
  return match(R"("$expr":)" + expression);
}

std::string any(const std::string& one, const std::string& other) {
  return R"({"$or":[)" + one + "," + other + "]}";
}

std::string both(const std::string& one, const std::string& other) {
  return R"({"$and":[)" + one + "," + other + "]}";
}

std::string hash_is_ours(const std::string& hash) {
  return R"({"$eq":[{"$mod":[{"$abs":)" + hash + "}," + std::to_string(kParts) + "]}," +
         std::to_string(kPart) + "]}";
}

std::string is_missing(const std::string& path) {
  return R"({"$eq":[{"$type":")" + path + R"("},"missing"]})";
}

}  // namespace

std::vector<FilterShape> filter_shapes(const StreamShape& whole, const StreamShape& shard) {
  const std::string hash = R"({"$toHashedIndexKey":"$documentKey._id"})";
  const std::string ours = hash_is_ours(hash);
  const std::string ours_as_long = hash_is_ours(R"({"$toLong":)" + hash + "}");
  const std::string no_id = is_missing("$documentKey._id");
  const std::string watched = R"({"$in":["$ns.coll",["favorites"]]})";
  const std::string watched_match = R"("ns.coll":"favorites")";
  // By its whole name the server compares the entry's namespace, and has no regular expression for it.
  const std::string by_name = R"("ns":{"db":"conduit","coll":"favorites"})";
  const auto stages = [](const std::string& text) { return StreamShape{"[" + text + "]", {}, {}}; };
  return {
      {"no filter", {}},
      {"nothing", stages(match(R"("operationType":"none")"))},
      {"worker", whole},
      {"worker, shard", shard},
      {"hash", stages(expression(ours))},
      {"hash as long", stages(expression(ours_as_long))},
      {"hash, or no _id", stages(expression(any(ours_as_long, no_id)))},
      {"hash, or no key", stages(expression(any(ours_as_long, is_missing("$documentKey"))))},
      {"ns.coll and hash", stages(match(watched_match) + "," + expression(ours))},
      {"ns and hash", stages(match(by_name) + "," + expression(ours))},
      {"collection and hash, or no _id", stages(expression(any(both(watched, ours_as_long), no_id)))},
      {"hash and collection, or no _id", stages(expression(any(both(ours_as_long, watched), no_id)))},
      {"ns.coll", stages(match(watched_match))},
      {"ns", stages(match(by_name))},
      {"collection, or no _id", stages(expression(any(watched, no_id)))},
  };
}

}  // namespace storm
