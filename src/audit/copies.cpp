#include "audit/copies.hpp"

#include "sinks/mongo/copy_plan.hpp"
#include "sinks/mongo/documents.hpp"

namespace sluice::audit {

namespace {

constexpr int targets_in_one_answer = 2000;
constexpr int samples_for_a_part = 50;

std::vector<std::uint8_t> owned(bson::View document) {
  return {document.data(), document.data() + document.size()};
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
  SourceCache::References references;
  for (const bson::View target : targets) {
    sinks::each_reference(plan_, target, [&](const bson::Value& reference, bson::View) {
      references.try_emplace(bson::Identity(reference), reference);
    });
  }
  SourceCache::Found sources;
  if (auto error = sources_.find(references, sources)) return error;
  using WhenGone = CopyPlan::WhenGone;
  for (const bson::View target : targets) {
    sinks::each_reference(plan_, target, [&](const bson::Value& reference, bson::View holder) {
      const bson::View source = sources.at(reference);
      if (!source && plan_.when_gone == WhenGone::keep) return;
      const bool orphan = !source && plan_.when_gone == WhenGone::remove;
      if (!orphan && sinks::up_to_date(plan_, source, holder)) return;
      visit({target.at("_id"), reference, holder, source, orphan});
    });
  }
  return std::nullopt;
}

}  // namespace sluice::audit
