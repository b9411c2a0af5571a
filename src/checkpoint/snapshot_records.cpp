#include "checkpoint/snapshot_records.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>

#include "bson/order.hpp"
#include "config/state_names.hpp"
#include "sluice/bson_builder.hpp"

namespace sluice::checkpoint {

namespace {

std::int64_t number(const bson::Value& value) {
  return value.integer().value_or(0);
}

int count_of(const std::string& shard) {
  const auto of = shard.rfind("-of-");
  return of == std::string::npos ? 0 : std::atoi(shard.c_str() + of + 4);
}

bool is_behind(const flow::SnapshotMark& a, const flow::SnapshotMark& b) {
  if (a.done != b.done) return b.done;
  if (a.done) return false;
  if (a.collection != b.collection) return a.collection < b.collection;
  if (a.after.empty() || b.after.empty()) return a.after.empty() && !b.after.empty();
  const auto id = [](const flow::SnapshotMark& mark) {
    return bson::View(mark.after.data(), mark.after.size()).at("v");
  };
  return bson::server_order(id(a), id(b)) < 0;
}

}  // namespace

std::string snapshot_id(const std::string& pipeline, const std::string& stream, const std::string& rule) {
  return pipeline + "/" + stream + "/" + rule;
}

std::string new_snapshot_run() {
  bson_oid_t oid;
  bson_oid_init(&oid, nullptr);
  char text[25];
  bson_oid_to_string(&oid, text);
  return text;
}

SnapshotRequest SnapshotRequest::read(bson::View document) {
  SnapshotRequest request{std::string(document.at("_id").text()), std::string(document.at("run").text()), {}};
  for (const auto& [index, name] : document.at("collections").document()) {
    request.collections.emplace_back(name.text());
  }
  return request;
}

SnapshotProgress SnapshotProgress::read(bson::View document) {
  SnapshotProgress progress;
  progress.run = document.at("run").text();
  flow::SnapshotMark& mark = progress.mark;
  mark.collection = static_cast<std::size_t>(number(document.at("collection")));
  if (const bson::View after = document.at("after").document()) {
    mark.after.assign(after.data(), after.data() + after.size());
  }
  mark.documents = number(document.at("documents"));
  mark.done = document.at("done").boolean();
  return progress;
}

std::string snapshot_shard(int index, int count) {
  return std::to_string(index) + "-of-" + std::to_string(count);
}

flow::SnapshotMark mark_to_go_on_from(const ProgressOfShards& all, const std::string& run, int index,
                                      int count) {
  std::map<int, std::vector<flow::SnapshotMark>> layouts;
  flow::SnapshotMark best;
  for (const auto& [shard, progress] : all) {
    if (progress.run != run) continue;
    const int of = count_of(shard);
    if (of <= 0) continue;
    layouts[of].push_back(progress.mark);
    if (shard == snapshot_shard(index, count)) best = progress.mark;
  }
  for (auto& [of, marks] : layouts) {
    // A shard without a record has published nothing.
    if (of == count || marks.size() != static_cast<std::size_t>(of)) continue;
    flow::SnapshotMark slowest = *std::ranges::min_element(marks, is_behind);
    if (!is_behind(best, slowest)) continue;
    slowest.documents = best.documents;  // published by others
    best = std::move(slowest);
  }
  return best;
}

std::optional<Error> SnapshotStore::update(bson::Builder& command) {
  command.open("writeConcern").append("w", "majority").close();
  const auto client = pool_.acquire();
  return mongo::run_command(client.get(), database_, command.finish(), mongo::Doing::storing).error;
}

std::optional<Error> SnapshotStore::ask(const SnapshotRequest& request, bool unless_there) {
  bson::Builder command;
  command.append("update", state::snapshots).open_array("updates").open(command.item());
  command.open("q").append("_id", request.id).close();
  command.open("u").open(unless_there ? "$setOnInsert" : "$set").append("run", request.run);
  command.open_array("collections");
  for (const std::string& name : request.collections) command.append(command.item(), name);
  command.close().close().close().append("upsert", true).close().close();
  return update(command);
}

std::optional<Error> SnapshotStore::find(const std::vector<std::string>& ids,
                                         std::vector<SnapshotRequest>& requests) {
  requests.clear();
  bson::Builder find;
  find.append("find", state::snapshots).open("filter").open("_id").open_array("$in");
  for (const std::string& id : ids) find.append(find.item(), id);
  find.close().close().close().append("batchSize", static_cast<std::int32_t>(ids.size() + 1));
  const auto client = pool_.acquire();
  const mongo::Reply reply =
      mongo::run_command(client.get(), database_, find.finish(), mongo::Doing::reading);
  if (!reply.ok()) return reply.error;
  const bson::View batch = reply.view().at_path("cursor.firstBatch").document();
  for (const auto& [index, document] : batch) requests.push_back(SnapshotRequest::read(document.document()));
  return std::nullopt;
}

std::optional<Error> SnapshotStore::all_progress(const std::string& id, ProgressOfShards& all) {
  all.clear();
  bson::Builder find;
  find.append("find", state::snapshots).open("filter").append("of", id).close().append("batchSize", 10'000);
  const auto client = pool_.acquire();
  const mongo::Reply reply =
      mongo::run_command(client.get(), database_, find.finish(), mongo::Doing::reading);
  if (!reply.ok()) return reply.error;
  const bson::View batch = reply.view().at_path("cursor.firstBatch").document();
  for (const auto& [index, document] : batch) {
    const bson::View view = document.document();
    all.emplace_back(std::string(view.at("shard").text()), SnapshotProgress::read(view));
  }
  return std::nullopt;
}

std::optional<Error> SnapshotStore::put_progress(const std::string& id, const std::string& shard,
                                                 const SnapshotProgress& progress) {
  bson::Builder command;
  command.append("update", state::snapshots).open_array("updates").open(command.item());
  command.open("q").append("_id", id + "/" + shard).close();
  command.open("u").append("of", id).append("shard", shard).append("run", progress.run);
  const flow::SnapshotMark& mark = progress.mark;
  command.append("collection", static_cast<std::int64_t>(mark.collection));
  if (!mark.after.empty()) command.append("after", bson::View(mark.after.data(), mark.after.size()));
  command.append("documents", mark.documents).append("done", mark.done);
  command.close().append("upsert", true).close().close();
  return update(command);
}

}  // namespace sluice::checkpoint
