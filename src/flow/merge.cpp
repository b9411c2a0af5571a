#include "flow/merge.hpp"

#include <cassert>
#include <utility>

namespace sluice::flow {

namespace {

struct Target {
  const void* plan;
  const bson::Value* id;
};

struct TargetOf {
  Target operator()(const Increment& effect) const { return {effect.plan, &effect.id}; }
  Target operator()(const Refresh& effect) const { return {effect.plan, &effect.source_id}; }
  Target operator()(const Fill& effect) const { return {effect.plan, &effect.target_id}; }
  Target operator()(const Reject&) const { return {nullptr, nullptr}; }
  Target operator()(const Deliver&) const { return {nullptr, nullptr}; }
  Target operator()(const Put&) const { return {nullptr, nullptr}; }
};

struct WriteOf {
  std::uint64_t key;
  Write operator()(const Increment& effect) const {
    return CounterWrite{effect.plan, effect.id, effect.delta, key};
  }
  Write operator()(const Refresh& effect) const { return RefreshWrite{effect.plan, effect.source_id}; }
  Write operator()(const Fill& effect) const { return FillWrite{effect.plan, effect.target_id, effect.seen}; }
  Write operator()(const Reject&) const { return {}; }
  Write operator()(const Deliver& effect) const { return DeliverWrite{effect.plan, effect.message, key}; }
  Write operator()(const Put& effect) const { return PutWrite{effect.plan, effect.id, effect.values}; }
};

void merge(Write& write, const EffectBody& body) {
  if (const auto* increment = std::get_if<Increment>(&body)) {
    std::get<CounterWrite>(write).delta += increment->delta;
  } else if (const auto* fill = std::get_if<Fill>(&body)) {
    std::get<FillWrite>(write).seen = fill->seen;  // the later event has the newer state
  }
}

}  // namespace

void Merger::start(std::vector<Write>& writes) {
  writes_ = &writes;
  writes.clear();
  ++batch_;
  used_ = 0;
  constexpr std::size_t kept_entries = 1 << 14;
  if (table_.size() > kept_entries) table_ = {};
  if (table_.empty()) table_.resize(64);
}

/// The entry of this target, or the free one where it belongs.
Merger::Entry& Merger::find(const void* plan, std::uint64_t hash, const bson::Identity& id) {
  // Multiplied by the golden ratio, because targets that share a lane have keys with the same remainder.
  std::size_t place = (hash * 0x9E3779B97F4A7C15U) >> 32;
  while (true) {
    Entry& entry = table_[place++ & (table_.size() - 1)];
    if (entry.batch != batch_) return entry;
    if (entry.hash == hash && entry.plan == plan && entry.id == id) return entry;
  }
}

void Merger::grow() {
  const std::vector<Entry> old = std::exchange(table_, std::vector<Entry>(2 * table_.size()));
  for (const Entry& entry : old) {
    if (entry.batch == batch_) find(entry.plan, entry.hash, entry.id) = entry;
  }
}

std::size_t Merger::add(const Effect& effect) {
  const bool every_one_counts =
      std::holds_alternative<Deliver>(effect.body) || std::holds_alternative<Put>(effect.body);
  if (every_one_counts) {
    writes_->push_back(std::visit(WriteOf{effect.key}, effect.body));
    return writes_->size() - 1;
  }
  const Target target = std::visit(TargetOf{}, effect.body);
  assert(target.plan != nullptr);
  // A CopyPlan has two kinds of effects, refreshes and fills, which must not be merged with each other. All
  // other plans have one kind.
  const std::uint64_t hash = effect.key * 4 + effect.body.index();
  const bson::Identity id(*target.id);
  if (2 * used_ >= table_.size()) grow();
  Entry& entry = find(target.plan, hash, id);
  if (entry.batch == batch_) {
    merge((*writes_)[entry.write], effect.body);
  } else {
    entry = {batch_, hash, target.plan, id, writes_->size()};
    ++used_;
    writes_->push_back(std::visit(WriteOf{effect.key}, effect.body));
  }
  return entry.write;
}

}  // namespace sluice::flow
