#include "audit/counters.hpp"

#include "audit/expressions.hpp"

namespace sluice::audit {

namespace {

constexpr int counters_in_one_answer = 2000;

void append_in(bson::Builder& out, std::string_view path, const std::vector<bson::Value>& ids) {
  out.open(out.item()).open("$match").open(path).open_array("$in");
  for (const bson::Value& id : ids) out.append(out.item(), id);
  out.close().close().close().close();
}

/// Stages that give {_id: the counted id, truth: its number of occurrences} for each of `ids` that occurs.
void append_truth(bson::Builder& out, const Counted& counted, const std::vector<bson::Value>& ids) {
  // Uses the index on the field, if there is one. It also matches arrays that contain an id; the second match
  // leaves those out.
  append_in(out, counted.field, ids);
  out.open(out.item()).open("$project").append("_id", 0);
  counted.values ? append_values(out, "v", counted.field) : append_path(out, "v", counted.field);
  out.close().close();
  if (counted.values) out.open(out.item()).append("$unwind", "$v").close();
  // Leaves out arrays: an _id cannot be one, but the $in below would match an array that contains an id.
  out.open(out.item()).open("$match").open("v").append("$exists", true);
  out.open("$not").append("$type", "array").close().close().close().close();
  append_in(out, "v", ids);
  out.open(out.item()).open("$group").append("_id", "$v");
  out.open("truth").append("$sum", 1).close().close().close();
}

}  // namespace

std::optional<std::int64_t> CounterRow::number() const {
  if (!found) return 0;
  return found.integer();
}

CounterRow CounterRow::read(bson::View document) {
  return {document.at("_id"), document.at("truth").integer().value_or(0), document.at_path("target.found"),
          document.at_path("target.here").boolean()};
}

void append_counter_audit(bson::Builder& out, const Counted& counted, const std::vector<bson::Value>& ids) {
  const CounterPlan& plan = *counted.plan;
  out.append("aggregate", plan.collection).open_array("pipeline");
  append_in(out, "_id", ids);
  out.open(out.item()).open("$project").open("target");
  out.open("here").append("$literal", true).close();
  append_path(out, "found", plan.field);
  out.close().close().close();
  out.open(out.item()).open("$unionWith").append("coll", counted.source).open_array("pipeline");
  append_truth(out, counted, ids);
  out.close().close().close();
  out.open(out.item()).open("$group").append("_id", "$_id");
  out.open("truth").append("$sum", "$truth").close();
  out.open("target").append("$mergeObjects", "$target").close().close().close();
  // A rule that creates no documents maintains only counters whose document exists.
  if (!plan.create) out.open(out.item()).open("$match").append("target.here", true).close().close();
  out.close().append("allowDiskUse", true);
  out.open("cursor").append("batchSize", counters_in_one_answer).close();
}

}  // namespace sluice::audit
