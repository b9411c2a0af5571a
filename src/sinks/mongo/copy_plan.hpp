#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "sinks/mongo/query.hpp"
#include "sluice/effect.hpp"

/// Which fields and references of documents a copy plan uses. Shared by the sink, which writes copies, and
/// the audit, which compares them.
namespace sluice::sinks {

/// The path of the reference in a target, by which targets are found.
inline std::string join_path(const CopyPlan& plan) {
  return plan.array.empty() ? plan.reference : plan.array + "." + plan.reference;
}

inline std::vector<const std::string*> source_fields(const CopyPlan& plan) {
  std::vector<const std::string*> fields;
  for (const auto& field : plan.fields) fields.push_back(&field.from);
  return fields;
}

inline std::vector<const std::string*> target_fields(const CopyPlan& plan) {
  if (!plan.array.empty()) return {&plan.array};
  std::vector<const std::string*> fields{&plan.reference};
  for (const auto& field : plan.fields) fields.push_back(&field.to);
  return fields;
}

/// Calls `visit(reference value, holder)` for every reference in a target. The holder contains the reference
/// and its copies: it is the target itself, or an element of the plan's array.
template <typename Visit>
void each_reference(const CopyPlan& plan, bson::View target, Visit visit) {
  if (plan.array.empty()) {
    const bson::Value reference = target.at_path(plan.reference);
    if (can_be_id(reference)) visit(reference, target);
    return;
  }
  for (const auto& [index, element] : target.at_path(plan.array).document()) {
    const bson::View holder = element.document();
    const bson::Value reference = element.is_document() ? holder.at_path(plan.reference) : bson::Value{};
    if (can_be_id(reference)) visit(reference, holder);
  }
}

/// Whether the copies in `holder` equal the fields of `source`. If the source does not exist, `source` is
/// absent and every copy should be absent too.
inline bool up_to_date(const CopyPlan& plan, bson::View source, bson::View holder) {
  return std::ranges::all_of(plan.fields, [&](const CopyPlan::Field& field) {
    return source.at_path(field.from) == holder.at_path(field.to);
  });
}

}  // namespace sluice::sinks
