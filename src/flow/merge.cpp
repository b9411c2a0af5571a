#include "flow/merge.hpp"

#include <cassert>

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
  index_.clear();
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
  const auto [entry, fresh] =
      index_.try_emplace(Key{target.plan, hash, bson::Identity(*target.id)}, writes_->size());
  if (fresh) {
    writes_->push_back(std::visit(WriteOf{effect.key}, effect.body));
  } else {
    merge((*writes_)[entry->second], effect.body);
  }
  return entry->second;
}

}  // namespace sluice::flow
