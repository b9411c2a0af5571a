#include "mongo/session_recorder.hpp"

#include "sluice/bson_builder.hpp"

namespace sluice::mongo {

namespace {

constexpr auto again_after = std::chrono::hours(24);
constexpr std::int32_t index_options_conflict = 85;

}  // namespace

std::optional<Error> SessionRecorder::expire_records(mongoc_client_t* client, const std::string& database,
                                                     const std::string& collection) {
  constexpr auto seconds = std::chrono::duration_cast<std::chrono::seconds>(kept).count();
  bson::Builder create;
  create.append("createIndexes", collection).open_array("indexes").open(create.item());
  create.open("key").append("usedAt", 1).close().append("name", "usedAt_1");
  create.append("expireAfterSeconds", static_cast<std::int32_t>(seconds)).close().close();
  auto error = run_command(client, database, create.finish(), Doing::reading).error;
  const bool changed_by_somebody = error && error->code == index_options_conflict;
  return error && (is_denial(*error) || changed_by_somebody) ? std::nullopt : error;
}

bool SessionRecorder::is_recorded(const bson::Uuid& id, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  const auto found = recorded_.find(id);
  return found != recorded_.end() && now - found->second < again_after;
}

std::optional<Error> SessionRecorder::record(mongoc_client_t* client, bson::View lsid) {
  const auto id = bson::uuid_of(lsid.at("id"));
  if (!id) return Error{ErrorKind::fatal, 0, "the driver's session has no UUID for its id", false};
  const auto now = Clock::now();
  if (is_recorded(*id, now)) return std::nullopt;
  bson::Builder update;
  update.append("update", collection_).open_array("updates").open(update.item());
  update.open("q").append("_id", bson::UuidValue(*id).value()).close();
  update.open("u").open("$set").append("pipeline", pipeline_).close();
  update.open("$currentDate").append("usedAt", true).close().close();
  update.append("upsert", true).close().close();
  update.open("writeConcern").append("w", "majority").close();
  const Reply reply = run_command(client, database_, update.finish(), Doing::storing);
  if (!reply.ok()) return reply.error;
  const std::lock_guard lock(mutex_);
  // A session whose entry is dropped here is recorded again if it is used again. Most are not: the driver
  // discards sessions that are idle for half an hour.
  std::erase_if(recorded_, [&](const auto& one) { return now - one.second >= again_after; });
  recorded_[*id] = now;
  return std::nullopt;
}

}  // namespace sluice::mongo
