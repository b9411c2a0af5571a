#include "sinks/mongo/counters.hpp"

#include "sinks/mongo/query.hpp"

namespace sluice::sinks {

namespace {

using Kind = WriteCommands::Kind;

/// A delta that fits int32 is sent as int32, so that the counter keeps the type that its application gave it.
void append_delta(bson::Builder& out, const CounterWrite& counter) {
  const auto small = static_cast<std::int32_t>(counter.delta);
  if (small == counter.delta) {
    out.append(counter.plan->field, small);
  } else {
    out.append(counter.plan->field, counter.delta);
  }
}

}  // namespace

void add_counter(const CounterWrite& counter, std::size_t write, WriteCommands& out) {
  const CounterPlan& plan = *counter.plan;
  // A sum of 0 still creates the counter, as the separate increments would have done.
  if (counter.delta == 0 && plan.create) return;
  if (!plan.create && !can_be_id(counter.id)) return;  // the value refers to no document
  out.add(Kind::update, plan.database, plan.collection, write, false, [&](bson::Builder& operation) {
    operation.open("q");
    append_equals(operation, "_id", counter.id);
    operation.close().open("u").open("$inc");
    append_delta(operation, counter);
    operation.close().close();
    if (plan.create && counter.delta > 0) operation.append("upsert", true);
  });
  if (!plan.drop_at_zero || counter.delta > 0) return;
  out.add(Kind::remove, plan.database, plan.collection, write, false, [&](bson::Builder& operation) {
    operation.open("q");
    append_equals(operation, "_id", counter.id);
    operation.open(plan.field).append("$lte", 0).close().close().append("limit", 1);
  });
}

}  // namespace sluice::sinks
