#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sluice/rule.hpp"

namespace sluice::rules {

/// Wraps a rule that the user wrote. Calls the functions that describe the rule once, in the constructor. An
/// event for which the rule throws, or makes effects that cannot be carried out, becomes a dead letter with
/// the reason, and the rule has no other effect on it.
class GuardedRule final : public Rule {
 public:
  /// Throws std::invalid_argument, with the reason, if the rule cannot be used.
  GuardedRule(std::string name, std::unique_ptr<const Rule> inner);

  std::vector<Subscription> subscriptions() const override { return subscriptions_; }
  std::vector<IndexNeed> indexes() const override { return indexes_; }
  std::vector<Projection> projections() const override { return projections_; }
  std::vector<const DocumentPlan*> documents() const override { return documents_; }
  bool has_snapshots() const override { return has_snapshots_; }
  bool begins_with_snapshot() const override { return begins_with_snapshot_; }
  bool keeps_state() const override { return keeps_state_; }
  const char* orders_across_documents_by() const override { return orders_by_; }
  std::string fingerprint() const override { return fingerprint_; }
  void apply(const ChangeEvent& event, Effects& effects) const override;
  void apply_key_only(const ChangeEvent& event, Effects& effects) const override;

 private:
  template <typename Act>
  void guard(const ChangeEvent& event, Effects& effects, Act act) const;
  std::string objection(const Effects& effects, std::size_t first) const;

  std::unique_ptr<const Rule> inner_;
  std::vector<Subscription> subscriptions_;
  std::vector<IndexNeed> indexes_;
  std::vector<Projection> projections_;
  std::vector<const DocumentPlan*> documents_;
  std::vector<const void*> plans_;  ///< the plans of projections_ and documents_
  bool has_snapshots_;
  bool begins_with_snapshot_;
  bool keeps_state_;
  const char* orders_by_;
  std::string fingerprint_;
};

/// The code of these dead letters: the server's UnknownError.
inline constexpr std::int32_t custom_rule_failed_code = 8;

}  // namespace sluice::rules
