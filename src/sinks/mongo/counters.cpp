#include "sinks/mongo/counters.hpp"

#include <algorithm>

#include "sinks/mongo/query.hpp"

namespace sluice::sinks {

namespace {

using Kind = WriteCommands::Kind;

/// A small delta is sent as int32, so that an int32 counter of the application stays an int32.
void append_delta(bson::Builder& out, const CounterWrite& counter) {
  const auto small = static_cast<std::int32_t>(counter.delta);
  if (small == counter.delta) {
    out.append(counter.plan->field, small);
  } else {
    out.append(counter.plan->field, counter.delta);
  }
}

/// The parts of a stream have plans of their own, which are equal.
bool same_target(const CounterWrite& a, const CounterWrite& b) {
  return a.key == b.key && (a.plan == b.plan || *a.plan == *b.plan) &&
         bson::Identity(a.id) == bson::Identity(b.id);
}

}  // namespace

bool only_counts(const Batch& batch) {
  return std::ranges::all_of(batch.writes,
                             [](const Write& one) { return std::holds_alternative<CounterWrite>(one); });
}

std::vector<CounterWrite> sum_counters(const std::vector<const Batch*>& batches) {
  std::vector<CounterWrite> counters;
  for (const Batch* batch : batches) {
    for (const Write& write : batch->writes) counters.push_back(std::get<CounterWrite>(write));
  }
  std::ranges::stable_sort(counters, {}, &CounterWrite::key);
  std::vector<CounterWrite> sums;
  for (const CounterWrite& one : counters) {
    auto sum = sums.end();  // or the first one with this key
    while (sum != sums.begin() && std::prev(sum)->key == one.key) --sum;
    sum = std::find_if(sum, sums.end(), [&](const CounterWrite& other) { return same_target(one, other); });
    if (sum == sums.end()) {
      sums.push_back(one);
    } else {
      sum->delta += one.delta;
    }
  }
  return sums;
}

void add_counter(const CounterWrite& counter, std::size_t write, WriteCommands& out) {
  const CounterPlan& plan = *counter.plan;
  // Without `create`, increments that cancel out are still written: they give the document its counter field,
  // as they would have one by one.
  if (counter.delta == 0 && plan.create) return;
  if (!plan.create && !can_be_id(counter.id)) return;  // it refers to nothing
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
