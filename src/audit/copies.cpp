#include "audit/copies.hpp"

#include "sinks/copy_plan.hpp"
#include "sinks/documents.hpp"

namespace sluice::audit {

namespace {

constexpr int targets_in_one_answer = 2000;
constexpr int samples_for_a_part = 50;

std::vector<std::uint8_t> owned(bson::View document) {
  return {document.data(), document.data() + document.size()};
}

/// The documents that `references` name, copied into `scratch`.
std::optional<Error> find_sources(mongo::SnapshotCursor& cursor, const CopyPlan& plan, std::uint64_t at,
                                  const sinks::DocumentsById& references, Scratch& scratch,
                                  sinks::DocumentsById& sources) {
  bson::Builder find;
  find.append("find", plan.source).open("filter").open("_id").open_array("$in");
  for (const auto& [identity, holder] : references) find.append(find.item(), holder.at("v"));
  find.close().close().close();
  sinks::append_projection(find, sinks::source_fields(plan));
  if (auto error = cursor.open(plan.database, plan.source, find, at)) return error;
  std::vector<bson::View> documents;
  while (true) {
    if (auto error = cursor.next(documents)) return error;
    if (documents.empty()) return std::nullopt;
    for (const bson::View document : documents) {
      const auto kept = scratch.keep({document.data(), document.size()});
      const bson::View source(kept.data(), kept.size());
      sources[bson::Identity(source.at("_id"))] = source;
    }
  }
}

}  // namespace

std::optional<Error> cut(mongo::ClientPool& pool, const std::string& database, const std::string& collection,
                         int parts, std::vector<IdRange>& ranges) {
  ranges.assign(1, {});
  bson::Builder sample;
  sample.append("aggregate", collection).open_array("pipeline");
  sample.open(sample.item()).open("$sample").append("size", parts * samples_for_a_part).close().close();
  sample.open(sample.item()).open("$project").append("_id", 1).close().close();
  sample.open(sample.item()).open("$sort").append("_id", 1).close().close();
  sample.close().open("cursor").append("batchSize", parts * samples_for_a_part).close();
  const auto client = pool.acquire();
  const mongo::Reply reply =
      mongo::run_command(client.get(), database, sample.finish(), mongo::Doing::reading);
  if (!reply.ok()) return reply.error;
  int seen = 0;
  const bson::View batch = reply.view().at_path("cursor.firstBatch").document();
  for (const auto& [index, document] : batch) {
    if (++seen % samples_for_a_part != 0 || static_cast<int>(ranges.size()) == parts) continue;
    std::vector<std::uint8_t> border = owned(document.document());
    if (border == ranges.back().from) continue;
    ranges.back().to = border;
    ranges.push_back({std::move(border), {}});
  }
  return std::nullopt;
}

std::optional<Error> CopyAudit::range(const IdRange& range, const Visit& visit, const Progress& progress) {
  bson::Builder find;
  find.append("find", plan_.target);
  sinks::append_projection(find, sinks::target_fields(plan_));
  if (!range.from.empty()) find.append("min", bson::View(range.from.data(), range.from.size()));
  if (!range.to.empty()) find.append("max", bson::View(range.to.data(), range.to.size()));
  if (!range.from.empty() || !range.to.empty()) find.open("hint").append("_id", 1).close();
  find.append("batchSize", targets_in_one_answer);
  return run(find, visit, progress);
}

std::optional<Error> CopyAudit::sample(std::int64_t targets, const Visit& visit, const Progress& progress) {
  bson::Builder aggregate;
  aggregate.append("aggregate", plan_.target).open_array("pipeline");
  aggregate.open(aggregate.item()).open("$sample").append("size", targets).close().close();
  aggregate.close().open("cursor").append("batchSize", targets_in_one_answer).close();
  return run(aggregate, visit, progress);
}

std::optional<Error> CopyAudit::some(const std::vector<bson::Value>& ids, const Visit& visit) {
  bson::Builder find;
  find.append("find", plan_.target).open("filter").open("_id").open_array("$in");
  for (const bson::Value& id : ids) find.append(find.item(), id);
  find.close().close().close();
  sinks::append_projection(find, sinks::target_fields(plan_));
  return run(find, visit, [](std::int64_t) { return true; });
}

std::optional<Error> CopyAudit::run(bson::Builder& command, const Visit& visit, const Progress& progress) {
  mongo::SnapshotCursor cursor(pool_);
  if (auto error = cursor.open(plan_.database, plan_.target, command, at_)) return error;
  std::vector<bson::View> targets;
  while (true) {
    if (auto error = cursor.next(targets)) return error;
    if (targets.empty()) return std::nullopt;
    if (auto error = compare(targets, visit)) return error;
    if (!progress(static_cast<std::int64_t>(targets.size()))) return std::nullopt;
  }
}

std::optional<Error> CopyAudit::compare(const std::vector<bson::View>& targets, const Visit& visit) {
  Scratch scratch;
  sinks::DocumentsById references;
  for (const bson::View target : targets) {
    sinks::each_reference(plan_, target, [&](const bson::Value& reference, bson::View) {
      const auto [known, fresh] = references.try_emplace(bson::Identity(reference));
      if (!fresh) return;
      bson::Builder holder;
      const bson::View built = holder.append("v", reference).finish();
      const auto kept = scratch.keep({built.data(), built.size()});
      known->second = bson::View(kept.data(), kept.size());
    });
  }
  sinks::DocumentsById sources;
  if (!references.empty()) {
    mongo::SnapshotCursor cursor(pool_);
    if (auto error = find_sources(cursor, plan_, at_, references, scratch, sources)) return error;
  }
  using WhenGone = CopyPlan::WhenGone;
  for (const bson::View target : targets) {
    sinks::each_reference(plan_, target, [&](const bson::Value& reference, bson::View holder) {
      const auto found = sources.find(bson::Identity(reference));
      const bson::View source = found == sources.end() ? bson::View{} : found->second;
      if (!source && plan_.when_gone == WhenGone::keep) return;
      const bool orphan = !source && plan_.when_gone == WhenGone::remove;
      if (!orphan && sinks::up_to_date(plan_, source, holder)) return;
      visit({target.at("_id"), reference, holder, source, orphan});
    });
  }
  return std::nullopt;
}

}  // namespace sluice::audit
