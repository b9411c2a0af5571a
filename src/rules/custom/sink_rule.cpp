#include <algorithm>
#include <utility>

#include "core/custom_plan.hpp"
#include "rules/custom/custom.hpp"
#include "rules/shared/collection_names.hpp"
#include "rules/shared/event_message.hpp"
#include "rules/shared/selection.hpp"

namespace sluice::rules {

namespace {

/// Sends each change to a custom sink, in the order of each document's changes.
class SinkRule final : public Rule {
 public:
  struct Parts {
    CustomPlan plan;
    std::vector<Subscription> subscriptions;
    Payload payload = Payload::event;
    bool snapshot = false;
    std::string fingerprint;
  };

  SinkRule(std::string name, Parts parts) : Rule(std::move(name)), parts_(std::move(parts)) {}

  std::vector<Subscription> subscriptions() const override { return parts_.subscriptions; }
  std::vector<const DeliveryPlan*> deliveries() const override { return {&parts_.plan}; }
  bool has_snapshots() const override { return true; }
  bool begins_with_snapshot() const override { return parts_.snapshot; }
  bool keeps_state() const override { return false; }
  std::string fingerprint() const override { return parts_.fingerprint; }

  void apply(const ChangeEvent& event, Effects& effects) const override {
    Arena& arena = effects.arena();
    CustomMessage message;
    message.verb = name_of(event.operation);
    message.address = address_of(event, arena);
    message.id = id_of(event, arena);
    message.payload = payload_of(event, parts_.payload, arena);
    message.change = {message.id, event.operation, event.database,     event.collection,
                      event.id,   message.payload, event.cluster_time, event.wall_time_ms};
    effects.add(Deliver{&parts_.plan, arena.keep(message)},
                bson::Identity(event.id).hash(bson::stable_hash(event.collection, 0)));
  }

 private:
  static std::string_view address_of(const ChangeEvent& event, Arena& arena) {
    InlineText text;
    text.append(event.database);
    if (!event.collection.empty()) text.append('.');
    text.append(event.collection);
    return arena.keep(text.view());
  }

  /// A replay's messages get ids of their own. The token of a snapshot's document contains the run already.
  static std::string_view id_of(const ChangeEvent& event, Arena& arena) {
    if (event.snapshot_run.empty() || event.operation == Operation::snapshot) return event.token_data;
    std::string id(event.token_data);
    id.append("-").append(event.snapshot_run);
    return arena.keep(std::string_view(id));
  }

  Parts parts_;
};

}  // namespace

std::unique_ptr<Rule> make_custom_sink(const RuleConfig& rule, const std::string& database,
                                       const SinkType& type) {
  const Settings& settings = rule.settings;
  SinkRule::Parts parts;
  const std::string payload = settings.choice("payload", {"event", "document"}, "event");
  parts.payload = payload == "document" ? Payload::document : Payload::event;
  parts.snapshot = settings.choice("snapshot", {"none", "first"}, "none") == "first";
  parts.subscriptions = read_selections(settings, read_from(rule, database), Tells::of_collections);
  // Leaves out the sink's own settings: with another path or time limit an old position is still valid.
  parts.fingerprint = rule.kind + " " + payload;
  for (const Subscription& one : parts.subscriptions) parts.fingerprint += " " + one.collection;
  const CustomSettings own(settings, type.settings);
  parts.plan.kind = rule.kind;
  parts.plan.receiver = call_factory(rule, [&]() -> std::shared_ptr<Sink> {
    std::shared_ptr<Sink> made = type.make({rule.name, database, own});
    if (made) parts.plan.target = made->target();
    return made;
  });
  return std::make_unique<SinkRule>(rule.name, std::move(parts));
}

}  // namespace sluice::rules
