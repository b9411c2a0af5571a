#include "pipeline/foreign_tokens.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "bson/builder.hpp"
#include "source/resume_token.hpp"

namespace sluice::pipeline {

namespace {

/// The newest token's _data; "" where the collection holds none, or is not there.
std::optional<Error> find_newest(mongo::ClientPool& pool, const TokenCollection& from, std::string& data) {
  const auto client = pool.acquire();
  bson::Builder find;
  find.append("find", from.collection).open("sort").append(from.capped ? "$natural" : "_id", -1).close();
  find.append("limit", 1).append("singleBatch", true);
  const mongo::Reply reply =
      mongo::run_command(client.get(), from.database, find.finish(), mongo::Doing::reading);
  if (!reply.ok()) {
    Error error = *reply.error;
    error.message =
        fmt::format("the resume tokens in {}.{}: {}", from.database, from.collection, error.message);
    return error;
  }
  const bson::View newest = reply.view().at_path("cursor.firstBatch").document().at("0").document();
  data = newest.at("value").text();
  if (!newest || !data.empty()) return std::nullopt;
  return Error{ErrorKind::lost, 0,
               fmt::format("the newest document in {}.{} holds no resume token in 'value'", from.database,
                           from.collection)};
}

std::optional<Position> position_of(const std::string& data) {
  bson::Builder token;
  const bson::View view = token.append("_data", data).finish();
  const auto time = source::time_of_token(view);
  if (!time) return std::nullopt;
  return Position::of(view, *time, true);
}

std::string time_text(std::uint64_t cluster_time) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S}Z", fmt::gmtime(static_cast<std::time_t>(cluster_time >> 32)));
}

}  // namespace

std::optional<Error> find_foreign_position(mongo::ClientPool& pool,
                                           const std::vector<TokenCollection>& collections,
                                           std::optional<Position>& found,
                                           const std::function<void(const std::string&)>& say) {
  found.reset();
  std::string where;
  std::size_t tokens = 0;
  for (const TokenCollection& from : collections) {
    std::string data;
    if (auto error = find_newest(pool, from, data)) return error;
    if (data.empty()) continue;
    auto position = position_of(data);
    const std::string name = from.database + "." + from.collection;
    if (!position) {
      return Error{ErrorKind::lost, 0,
                   fmt::format("'{}' in {} is no resume token", data.substr(0, 40), name)};
    }
    ++tokens;
    if (found && found->data() <= position->data()) continue;
    found = std::move(position);
    where = name;
  }
  if (!found) return std::nullopt;
  say(fmt::format(
      "no position of our own yet: beginning behind the resume token of {} in {}, which is left as "
      "it is{}",
      time_text(found->cluster_time), where,
      tokens > 1 ? fmt::format(" (the oldest of {}: what was published since of other collections "
                               "comes again, with the same message id)",
                               tokens)
                 : ""));
  return std::nullopt;
}

}  // namespace sluice::pipeline
