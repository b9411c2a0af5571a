#include "sinks/mongo/copies.hpp"

#include <algorithm>

#include "sinks/mongo/copy_plan.hpp"
#include "sinks/mongo/query.hpp"

namespace sluice::sinks {

namespace {

using Kind = WriteCommands::Kind;
using WhenGone = CopyPlan::WhenGone;

/// The path to write a copy to. In an array: in the elements that match the array filter.
std::string write_path(const CopyPlan& plan, const std::string& field) {
  return plan.array.empty() ? field : plan.array + ".$[e]." + field;
}

void append_values(bson::Builder& out, const CopyPlan& plan, bson::View source) {
  std::vector<const CopyPlan::Field*> absent;
  bool any = false;
  for (const auto& field : plan.fields) {
    const bson::Value value = source.at_path(field.from);
    if (!value) {
      absent.push_back(&field);
      continue;
    }
    if (!any) out.open("$set");
    any = true;
    out.append(write_path(plan, field.to), value);
  }
  if (any) out.close();
  if (absent.empty()) return;
  out.open("$unset");
  for (const auto* field : absent) out.append(write_path(plan, field->to), true);
  out.close();
}

void append_array_filter(bson::Builder& out, const CopyPlan& plan, const bson::Value& reference) {
  if (plan.array.empty()) return;
  out.open_array("arrayFilters").open(out.item());
  append_refers(out, "e." + plan.reference, reference);
  out.close().close();
}

/// Selects the documents that refer to `reference`; with `only`, those among them with these ids.
void append_filter(bson::Builder& out, const CopyPlan& plan, const bson::Value& reference,
                   const std::vector<bson::Value>* only) {
  out.open("q");
  if (only != nullptr) {
    out.open("_id").open_array("$in");
    for (const bson::Value& id : *only) out.append(out.item(), id);
    out.close().close();
  }
  append_reference(out, plan, reference);
  out.close();
}

void append_removal(bson::Builder& out, const CopyPlan& plan, const bson::Value& reference) {
  out.open("u").open("$pull").open(plan.array);
  append_refers(out, plan.reference, reference);
  out.close().close().close();
}

}  // namespace

bool copies_something(const std::vector<Write>& writes) {
  return std::ranges::any_of(writes, [](const Write& write) {
    return std::holds_alternative<RefreshWrite>(write) || std::holds_alternative<FillWrite>(write);
  });
}

void Copies::want_source(const CopyPlan& plan, const bson::Value& id) {
  sources_.want(plan.database, plan.source, id, source_fields(plan));
}

bson::View Copies::source(const CopyPlan& plan, const bson::Value& id) const {
  return sources_.find(plan.database, plan.source, id);
}

bson::View Copies::target_of(const FillWrite& write) const {
  return write.seen ? write.seen : targets_.find(write.plan->database, write.plan->target, write.target_id);
}

std::optional<Error> Copies::read(const std::vector<Write>& writes) {
  const auto each_fill = [&](auto visit) {
    for (const Write& write : writes) {
      if (const auto* fill = std::get_if<FillWrite>(&write)) visit(*fill);
    }
  };
  each_fill([&](const FillWrite& fill) {
    if (!fill.seen) {
      targets_.want(fill.plan->database, fill.plan->target, fill.target_id, target_fields(*fill.plan));
    }
  });
  if (auto error = targets_.read(transaction_, statement_ms_, most_bytes_)) return error;
  each_fill([&](const FillWrite& fill) {
    each_reference(*fill.plan, target_of(fill),
                   [&](const bson::Value& reference, bson::View) { want_source(*fill.plan, reference); });
  });
  for (const Write& write : writes) {
    if (const auto* refresh = std::get_if<RefreshWrite>(&write))
      want_source(*refresh->plan, refresh->source_id);
  }
  return sources_.read(transaction_, statement_ms_, most_bytes_ - targets_.bytes());
}

void Copies::refresh(const RefreshWrite& write, const std::vector<bson::Value>* only, std::size_t index,
                     WriteCommands& out) const {
  const CopyPlan& plan = *write.plan;
  const bson::View from = source(plan, write.source_id);
  if (!from && plan.when_gone == WhenGone::keep) return;
  const bool removes = !from && plan.when_gone == WhenGone::remove;
  if (removes && plan.array.empty()) {
    out.add(Kind::remove, plan.database, plan.target, index, true, [&](bson::Builder& operation) {
      append_filter(operation, plan, write.source_id, only);
      operation.append("limit", 0);
    });
    return;
  }
  out.add(Kind::update, plan.database, plan.target, index, true, [&](bson::Builder& operation) {
    append_filter(operation, plan, write.source_id, only);
    if (removes) {
      append_removal(operation, plan, write.source_id);
    } else {
      operation.open("u");
      append_values(operation, plan, from);
      operation.close();
      append_array_filter(operation, plan, write.source_id);
    }
    operation.append("multi", true);
  });
}

void Copies::add(const Write& write, std::size_t index, bool refreshes, WriteCommands& out) const {
  if (const auto* one = std::get_if<FillWrite>(&write)) fill(*one, index, out);
  const auto* one = std::get_if<RefreshWrite>(&write);
  if (one != nullptr && refreshes) refresh(*one, nullptr, index, out);
}

void Copies::add_piece(const RefreshWrite& write, const std::vector<bson::Value>& target_ids,
                       WriteCommands& out) const {
  refresh(write, &target_ids, 0, out);
}

void Copies::fill(const FillWrite& write, std::size_t index, WriteCommands& out) const {
  const CopyPlan& plan = *write.plan;
  std::vector<bson::Identity> done;
  each_reference(plan, target_of(write), [&](const bson::Value& reference, bson::View holder) {
    const bson::View from = source(plan, reference);
    // A missing source changes nothing under "keep" and "delete": under "delete" it may be still to come.
    if (!from && plan.when_gone != WhenGone::unset) return;
    // The target as the event shows it may be older than the snapshot. That does no harm: only another write
    // of ours can have changed the copies since, and it wrote values no older than those read here.
    if (up_to_date(plan, from, holder)) return;
    const bson::Identity identity(reference);
    if (std::ranges::find(done, identity) != done.end()) return;
    done.push_back(identity);
    out.add(Kind::update, plan.database, plan.target, index, false, [&](bson::Builder& operation) {
      const std::vector<bson::Value> only{write.target_id};
      append_filter(operation, plan, reference, &only);
      operation.open("u");
      append_values(operation, plan, from);
      operation.close();
      append_array_filter(operation, plan, reference);
    });
  });
}

}  // namespace sluice::sinks
