#include <algorithm>
#include <deque>

#include "rules/registry.hpp"
#include "rules/shared/collection_names.hpp"

namespace sluice::rules {

namespace {

/// Maintains copies of a source document's fields in the documents that refer to it. When the source changes,
/// all copies are refreshed; when a target is new or refers to another source, its copies are filled. The
/// effects carry no values: the sink reads the source in the transaction that writes the copies, so a race
/// can have only one result.
class Embed final : public Rule {
 public:
  Embed(std::string name, std::deque<CopyPlan> plans) : Rule(std::move(name)), plans_(std::move(plans)) {
    const CopyPlan& first = plans_.front();
    source_seed_ = key_seed(first.database, first.source);
    for (const CopyPlan& plan : plans_) {
      target_seeds_.push_back(key_seed(plan.database, plan.target));
      references_.push_back(plan.array.empty() ? plan.reference : plan.array + "[]." + plan.reference);
    }
  }

  std::vector<Subscription> subscriptions() const override {
    std::vector<Subscription> result;
    for (std::size_t i = 0; i < plans_.size(); ++i) {
      const CopyPlan& plan = plans_[i];
      Subscription source{.collection = plan.source, .fields = {}};
      for (const auto& field : plan.fields) source.fields.push_back(field.from);
      source.deletes = plan.when_gone != CopyPlan::WhenGone::keep;
      result.push_back(source);
      result.push_back({.collection = plan.target, .deletes = false, .fields = {references_[i]}});
    }
    return result;
  }

  std::vector<IndexNeed> indexes() const override {
    std::vector<IndexNeed> result;
    for (const CopyPlan& plan : plans_) {
      result.push_back(
          {plan.target, plan.array.empty() ? plan.reference : plan.array + "." + plan.reference});
    }
    return result;
  }

  std::vector<Projection> projections() const override {
    std::vector<Projection> result;
    for (const CopyPlan& plan : plans_) result.emplace_back(Copied{&plan});
    return result;
  }

  std::string fingerprint() const override {
    std::string text = "embed";
    for (std::size_t i = 0; i < plans_.size(); ++i) {
      const CopyPlan& plan = plans_[i];
      text += " " + plan.source + ">" + plan.target + " " + references_[i] + " " +
              std::to_string(static_cast<int>(plan.when_gone));
      for (const auto& field : plan.fields) text += " " + field.from + ":" + field.to;
    }
    return text;
  }

  /// The sink reads the values when it writes, so the document's key is enough.
  void apply_key_only(const ChangeEvent& event, Effects& effects) const override { apply(event, effects); }

  void apply(const ChangeEvent& event, Effects& effects) const override {
    for (std::size_t i = 0; i < plans_.size(); ++i) {
      const CopyPlan& plan = plans_[i];
      if (event.collection == plan.source && source_changed(plan, event)) {
        effects.add(Refresh{&plan, event.id}, bson::Identity(event.id).hash(source_seed_));
      }
      if (event.collection == plan.target && target_changed(references_[i], event)) {
        effects.add(Fill{&plan, event.id, seen_target(event)},
                    bson::Identity(event.id).hash(target_seeds_[i]));
      }
    }
  }

 private:
  static bool source_changed(const CopyPlan& plan, const ChangeEvent& event) {
    if (event.operation == Operation::remove) return plan.when_gone != CopyPlan::WhenGone::keep;
    if (event.operation != Operation::update || event.detail == Detail::key_only) return true;
    return std::ranges::any_of(plan.fields,
                               [&](const auto& field) { return event.update.touches(field.from); });
  }

  static bool target_changed(const std::string& reference, const ChangeEvent& event) {
    if (event.operation == Operation::remove) return false;
    return event.operation != Operation::update || event.detail == Detail::key_only ||
           event.update.touches(reference);
  }

  /// The target as the event shows it; absent if the event does not contain its copies.
  static bson::View seen_target(const ChangeEvent& event) {
    const bool shown = event.operation != Operation::update && event.detail == Detail::whole;
    return shown ? event.full_document : bson::View{};
  }

  std::deque<CopyPlan> plans_;
  std::uint64_t source_seed_ = 0;
  // For each plan: the seed of its targets' keys, and the path of the reference, with [] for an array.
  std::vector<std::uint64_t> target_seeds_;
  std::vector<std::string> references_;
};

/// Splits `members[].userId` into the array's path and the path inside an element.
void split_reference(const Settings& target, const std::string& path, CopyPlan& plan) {
  const auto brackets = path.find("[]");
  if (brackets == std::string::npos) {
    plan.reference = path;
    return;
  }
  if (path.size() < brackets + 4 || path[brackets + 2] != '.' || brackets == 0 ||
      path.find("[]", brackets + 2) != std::string::npos) {
    target.fail("reference",
                "'" + path + "': write an array of references as items[].field, with one [] only");
  }
  plan.array = path.substr(0, brackets);
  plan.reference = path.substr(brackets + 3);
}

CopyPlan::Field read_field(const Settings& target, const CopyPlan& plan, const std::string& from,
                           const std::string& to) {
  check_path(target, "set", from);
  check_path(target, "set", to);
  if (from.find("[]") != std::string::npos) target.fail("set", "'" + from + "': a source path has no arrays");
  const std::string prefix = plan.array.empty() ? "" : plan.array + "[].";
  if (!to.starts_with(prefix) || to.find("[]", prefix.size()) != std::string::npos) {
    target.fail("set", "'" + to +
                           "': copies are stored next to their reference, so the path must start with '" +
                           prefix + "' and have no other array");
  }
  return {from, to.substr(prefix.size())};
}

/// Refuses paths that overlap. The server refuses an update of two paths of which one contains the other, and
/// a copy that overwrites the reference would prevent the next refresh from finding the target.
void refuse_overlaps(const Settings& target, const CopyPlan& plan) {
  for (std::size_t i = 0; i < plan.fields.size(); ++i) {
    const std::string& to = plan.fields[i].to;
    if (overlap(to, plan.reference)) {
      target.fail("set", "'" + to + "' and the reference '" + plan.reference + " conflict");
    }
    if (plan.array.empty() && overlap(to, "_id")) target.fail("set", "'" + to + "': _id cannot be written");
    for (std::size_t j = 0; j < i; ++j) {
      if (!overlap(to, plan.fields[j].to)) continue;
      target.fail("set", "'" + plan.fields[j].to + "' and '" + to + " conflict");
    }
  }
}

CopyPlan read_plan(const Settings& embed, const Settings& target, const std::string& database) {
  CopyPlan plan;
  plan.database = database;
  plan.source = collection_name(embed, "from", database);
  plan.target = collection_name(target, "collection", database);
  const std::string reference = target.text("reference");
  check_path(target, "reference", reference);
  split_reference(target, reference, plan);
  for (const auto& [from, to] : target.pairs("set"))
    plan.fields.push_back(read_field(target, plan, from, to));
  if (plan.fields.empty()) target.fail("set", "contains no field to copy");
  refuse_overlaps(target, plan);
  const std::string gone = embed.choice("on_delete", {"keep", "unset", "delete"}, "keep");
  plan.when_gone = gone == "unset"    ? CopyPlan::WhenGone::unset
                   : gone == "delete" ? CopyPlan::WhenGone::remove
                                      : CopyPlan::WhenGone::keep;
  target.done();
  return plan;
}

}  // namespace

std::unique_ptr<Rule> make_embed(const RuleConfig& rule, const std::string& database) {
  std::deque<CopyPlan> plans;
  for (const Settings& target : rule.settings.sections("into")) {
    plans.push_back(read_plan(rule.settings, target, database));
  }
  if (plans.empty()) rule.settings.fail("into", "names no target");
  return std::make_unique<Embed>(rule.name, std::move(plans));
}

}  // namespace sluice::rules
