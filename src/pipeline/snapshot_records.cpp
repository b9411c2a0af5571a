#include "pipeline/snapshot_records.hpp"

#include "bson/builder.hpp"
#include "sinks/state_names.hpp"

namespace sluice::pipeline {

namespace {

std::int64_t number(const bson::Value& value) {
  return value.integer().value_or(0);
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
  progress.collection = static_cast<std::size_t>(number(document.at("collection")));
  if (const bson::View after = document.at("after").document()) {
    progress.after.assign(after.data(), after.data() + after.size());
  }
  progress.documents = number(document.at("documents"));
  progress.done = document.at("done").boolean();
  return progress;
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

std::optional<Error> SnapshotStore::all_progress(const std::string& id,
                                                 std::vector<std::pair<std::string, SnapshotProgress>>& all) {
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

std::optional<Error> SnapshotStore::find_progress(const std::string& id, const std::string& shard,
                                                  std::optional<SnapshotProgress>& progress) {
  std::vector<std::pair<std::string, SnapshotProgress>> all;
  progress.reset();
  if (auto error = all_progress(id, all)) return error;
  for (auto& [name, one] : all) {
    if (name == shard) progress = std::move(one);
  }
  return std::nullopt;
}

std::optional<Error> SnapshotStore::put_progress(const std::string& id, const std::string& shard,
                                                 const SnapshotProgress& progress) {
  bson::Builder command;
  command.append("update", state::snapshots).open_array("updates").open(command.item());
  command.open("q").append("_id", id + "/" + shard).close();
  command.open("u").append("of", id).append("shard", shard).append("run", progress.run);
  command.append("collection", static_cast<std::int64_t>(progress.collection));
  if (!progress.after.empty())
    command.append("after", bson::View(progress.after.data(), progress.after.size()));
  command.append("documents", progress.documents).append("done", progress.done);
  command.close().append("upsert", true).close().close();
  return update(command);
}

}  // namespace sluice::pipeline
