#include "rules/registry.hpp"
#include "rules/shared/collection_names.hpp"
#include "rules/shared/kept.hpp"
#include "rules/shared/made.hpp"
#include "rules/shared/selection.hpp"

namespace sluice::rules {

namespace {

// A larger document is stored only in `after`, so that the record fits into a document.
constexpr std::size_t most_told_twice = 4u << 20;
constexpr std::int32_t no_aggregate_code = 2;  ///< the server's BadValue
constexpr const char* no_aggregate =
    "the rule's 'aggregate' has no value for this event, so its aggregate is not known";
constexpr const char* impossible_aggregate =
    "the rule's 'aggregate' has a value that MongoDB cannot store as an _id (an array, a regular "
    "expression, "
    "or a document with names that begin with $), so its events cannot be numbered";

/// Appends each change to the events of its aggregate: exactly once, and numbered without a gap.
class EventStore final : public Rule {
 public:
  struct Parts {
    DocumentPlan plan;
    std::vector<Subscription> subscriptions;
    Made made;
    bool own_aggregate = false;
    bool own_type = false;
    bool own_data = false;
    const char* shared = nullptr;  ///< the setting that orders changes of different documents, or null
    std::string fingerprint;
  };

  EventStore(std::string name, Parts parts)
      : Rule(std::move(name)),
        parts_(std::move(parts)),
        seed_(key_seed(parts_.plan.database, parts_.plan.collection)) {}

  std::vector<Subscription> subscriptions() const override { return parts_.subscriptions; }
  std::vector<const DocumentPlan*> documents() const override { return {&parts_.plan}; }
  std::vector<IndexNeed> indexes() const override {
    return {{parts_.plan.collection, "aggregateId"}, {parts_.plan.collection, "timestamp"}};
  }
  bool keeps_state() const override { return false; }
  const char* orders_across_documents_by() const override { return parts_.shared; }
  std::string fingerprint() const override { return parts_.fingerprint; }

  void apply(const ChangeEvent& event, Effects& effects) const override {
    const bson::Value aggregate =
        parts_.own_aggregate ? parts_.made.value(event, "aggregate", effects.arena()) : event.id;
    if (!is_usable_id(aggregate)) {
      const bool missing = !aggregate || aggregate.is_null();
      effects.add(Reject{no_aggregate_code, missing ? no_aggregate : impossible_aggregate},
                  bson::Identity(event.id).hash(seed_));
      return;
    }
    effects.add(Put{&parts_.plan, aggregate, record(event, aggregate, effects.arena())},
                bson::Identity(aggregate).hash(seed_));
  }

 private:
  bson::View record(const ChangeEvent& event, const bson::Value& aggregate, Arena& arena) const {
    bson::Builder out;
    out.append("_id", id_of_event(event, name(), arena)).append("aggregateId", aggregate);
    append_type(event, arena, out);
    append_data(event, arena, out);
    const bson::Value update = event.document.at("updateDescription");
    if (update && parts_.own_data) out.append("updateDescription", update);
    if (event.before) out.append("before", event.before);
    if (event.full_document) out.append("after", event.full_document);
    out.append_date("timestamp", event.wall_time_ms);
    out.open("position").append("token", event.token);
    out.append_timestamp("clusterTime", event.cluster_time).close();
    out.append("operation", name_of(event.operation));
    out.open("ns").append("db", event.database).append("coll", event.collection).close();
    out.append("documentKey", event.document.at("documentKey"));
    return kept(out.finish(), arena);
  }

  void append_type(const ChangeEvent& event, Arena& arena, bson::Builder& out) const {
    const bson::Value type = parts_.own_type ? parts_.made.value(event, "type", arena) : bson::Value{};
    if (type.type() == BSON_TYPE_UTF8) {
      out.append("eventType", type);
    } else {
      out.append("eventType", std::string(event.collection) + "." + std::string(name_of(event.operation)));
    }
  }

  /// For an update what it changed, for other operations the document after the change.
  void append_data(const ChangeEvent& event, Arena& arena, bson::Builder& out) const {
    const bson::Value data = parts_.own_data ? parts_.made.value(event, "data", arena) : bson::Value{};
    if (data) {
      out.append("eventData", data);
    } else if (event.operation == Operation::update) {
      out.append("eventData", event.document.at("updateDescription"));
    } else if (event.full_document && event.full_document.size() <= most_told_twice) {
      out.append("eventData", event.full_document);
    } else {
      out.append("eventData", event.document.at("documentKey"));
    }
  }

  Parts parts_;
  std::uint64_t seed_;
};

/// Requires both images, unless the settings say otherwise.
void keep_images(const Settings& settings, Subscription& one) {
  if (one.updates && !settings.has("full_document")) one.full_document = FullDocument::required;
  const bool had = one.updates || one.replaces || one.deletes;
  if (had && !settings.has("before")) one.before = BeforeImage::required;
}

}  // namespace

std::unique_ptr<Rule> make_event_store(const RuleConfig& rule, const std::string& database) {
  const Settings& settings = rule.settings;
  DocumentPlan plan{database, collection_name(settings, "into", database), DocumentPlan::Mode::append};
  std::vector<Subscription> subscriptions =
      read_selections(settings, read_from(rule, database, {plan.collection, plan.heads()}));
  for (Subscription& one : subscriptions) {
    if (one.collection == plan.collection || one.collection == plan.heads())
      settings.fail("into", "the events of '" + one.collection + "' cannot be stored in itself");
    keep_images(settings, one);
  }
  EventStore::Parts parts{std::move(plan),
                          std::move(subscriptions),
                          Made(rule.name),
                          settings.has("aggregate"),
                          settings.has("type"),
                          settings.has("data"),
                          orders_documents(settings, "aggregate"),
                          ""};
  if (parts.own_aggregate) parts.made.add(settings, "aggregate", "aggregate");
  if (parts.own_type) parts.made.add(settings, "type", "type");
  if (parts.own_data) parts.made.add(settings, "data", "data");
  parts.made.ask_for(settings, parts.subscriptions);
  parts.fingerprint = "event_store " + parts.plan.collection;
  for (const Subscription& one : parts.subscriptions) parts.fingerprint += " " + one.collection;
  return std::make_unique<EventStore>(rule.name, std::move(parts));
}

}  // namespace sluice::rules
