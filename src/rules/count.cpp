#include "rules/registry.hpp"
#include "rules/shared/collection_names.hpp"

namespace sluice::rules {

namespace {

/// Maintains a counter in a parent document: +1 for each child that refers to it, -1 when a child is deleted
/// or refers to another parent.
class Count final : public Rule {
 public:
  Count(std::string name, std::string from, std::string reference, CounterPlan plan)
      : Rule(std::move(name)),
        from_(std::move(from)),
        reference_(std::move(reference)),
        plan_(std::move(plan)),
        seed_(key_seed(plan_.database, plan_.collection)) {}

  std::vector<Subscription> subscriptions() const override {
    return {{.collection = from_, .fields = {reference_}, .before = BeforeImage::when_available}};
  }

  std::vector<Projection> projections() const override { return {Counted{&plan_, from_, reference_, false}}; }

  std::string fingerprint() const override {
    return "count " + from_ + " " + reference_ + " " + plan_.collection + " " + plan_.field;
  }

  void apply(const ChangeEvent& event, Effects& effects) const override {
    if (event.operation == Operation::update && !event.update.touches(reference_)) return;
    const bool had = event.operation != Operation::insert;
    if (had && !event.before) {
      effects.add(Reject{no_pre_image_code, no_pre_image}, bson::Identity(event.id).hash(seed_));
      return;
    }
    const bson::Value before = had ? event.before.at_path(reference_) : bson::Value{};
    const auto after = value_after(event, reference_, effects.arena());
    if (!after) {
      effects.add(Reject{unclear_update_code, unclear_update}, bson::Identity(event.id).hash(seed_));
      return;
    }
    if (before && *after && bson::Identity(before) == bson::Identity(*after)) return;
    if (before) add(before, -1, effects);
    if (*after) add(*after, +1, effects);
  }

 private:
  void add(const bson::Value& parent, std::int64_t delta, Effects& effects) const {
    effects.add(Increment{&plan_, parent, delta}, bson::Identity(parent).hash(seed_));
  }

  std::string from_;
  std::string reference_;
  CounterPlan plan_;
  std::uint64_t seed_;
};

}  // namespace

std::unique_ptr<Rule> make_count(const RuleConfig& rule, const std::string& database) {
  const Settings& settings = rule.settings;
  CounterPlan plan{.database = database,
                   .collection = collection_name(settings, "into", database),
                   .field = plain_path(settings, "field"),
                   .create = false,
                   .drop_at_zero = false};
  const std::string from = collection_name(settings, "from", database);
  const std::string reference = plain_path(settings, "reference");
  check_counter(settings, "field", plan, from, reference);
  return std::make_unique<Count>(rule.name, from, reference, std::move(plan));
}

}  // namespace sluice::rules
