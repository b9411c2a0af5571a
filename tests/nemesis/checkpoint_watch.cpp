#include "nemesis/checkpoint_watch.hpp"

#include <algorithm>
#include <chrono>

namespace sluice::nemesis {
namespace {

using workbench::Document;
using workbench::Mongo;

constexpr std::chrono::milliseconds between_looks{40};

std::string timestamp_json(std::uint64_t time) {
  return R"({"$timestamp":{"t":)" + std::to_string(time >> 32U) +
         ",\"i\":" + std::to_string(time & 0xffffffff) + "}}";
}

}  // namespace

CheckpointWatch::CheckpointWatch(const std::string& uri, const std::string& state_database)
    : thread_([this, uri, state_database](const std::stop_token& stop) { run(stop, uri, state_database); }) {}

std::int64_t CheckpointWatch::looks() const {
  const std::lock_guard lock(mutex_);
  return looks_;
}

std::string CheckpointWatch::violation() const {
  const std::lock_guard lock(mutex_);
  return violation_;
}

void CheckpointWatch::run(const std::stop_token& stop, const std::string& uri, const std::string& database) {
  Mongo state(uri, database);
  while (!stop.stop_requested()) {
    try {
      look(state);
    } catch (const workbench::MongoError&) {
      // The server is down, or the network: the next look sees what has become of it.
    }
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, between_looks, [] { return false; });
  }
}

void CheckpointWatch::look(Mongo& state) {
  for (const Document& shard : read(state, "shards")) compare(shard, true);
  for (const Document& lane : read(state, "lanes")) compare(lane, false);
  const std::lock_guard lock(mutex_);
  ++looks_;
}

/// What a majority has, and never less than what was seen before: anything else may be taken back by a
/// fail-over, or come from a primary that is none any more, without any checkpoint going backwards.
std::vector<Document> CheckpointWatch::read(Mongo& state, const std::string& collection) {
  const std::string after = newest_ == 0 ? "" : ",\"afterClusterTime\":" + timestamp_json(newest_);
  const Document reply = state.command(
      "{\"find\":" + workbench::quoted(collection) +
      R"(,"batchSize":10000,"maxTimeMS":5000,"readConcern":{"level":"majority")" + after + "}}");
  newest_ = std::max(newest_, reply.timestamp("operationTime"));
  const Document batch = reply.child("cursor.firstBatch");
  std::vector<Document> found;
  for (std::uint32_t i = 0; batch.has(std::to_string(i)); ++i)
    found.push_back(batch.child(std::to_string(i)));
  return found;
}

void CheckpointWatch::compare(const Document& document, bool is_shard) {
  const Seen now{document.integer("epoch"), document.integer("seq"), document.text("token._data")};
  Seen& before = seen_[document.text("_id")];
  // A new epoch of a lane may begin anew, with another number of lanes; a floor never does.
  const bool comparable = is_shard || now.epoch == before.epoch;
  const bool backwards =
      now.epoch < before.epoch || (comparable && (now.seq < before.seq || now.token < before.token));
  const std::lock_guard lock(mutex_);
  if (backwards && violation_.empty()) {
    violation_ = document.text("_id") + " went from epoch " + std::to_string(before.epoch) + ", seq " +
                 std::to_string(before.seq) + ", token " + before.token + " back to " + document.json();
  }
  before = now;
}

}  // namespace sluice::nemesis
