#include <algorithm>

#include "rules/registry.hpp"
#include "rules/shared/collection_names.hpp"
#include "rules/shared/kept.hpp"
#include "rules/shared/made.hpp"
#include "rules/shared/selection.hpp"

namespace sluice::rules {

namespace {

using Mode = DocumentPlan::Mode;

constexpr std::int32_t no_target_code = 2;  ///< the server's BadValue
constexpr const char* no_target =
    "the rule's 'id' has no value that MongoDB can store as an _id (it is missing, null, an array, a "
    "regular "
    "expression, or a document with names that begin with $), so the target is not known";
constexpr const char* no_values = "the rule's 'values' produce no document for this event";

/// Writes a document that is computed from an event into another collection.
class WriteRule final : public Rule {
 public:
  struct Parts {
    DocumentPlan plan;
    std::vector<Subscription> subscriptions;
    Made made;
    bool own_id = false;           ///< the settings have 'id', from which the target's _id is computed
    bool ordered = false;          ///< the settings have 'order_by', which orders inserts
    const char* shared = nullptr;  ///< which of these two orders changes of different documents, or null
    std::string fingerprint;
  };

  WriteRule(std::string name, Parts parts)
      : Rule(std::move(name)),
        parts_(std::move(parts)),
        seed_(key_seed(parts_.plan.database, parts_.plan.collection)) {}

  std::vector<Subscription> subscriptions() const override { return parts_.subscriptions; }
  std::vector<const DocumentPlan*> documents() const override { return {&parts_.plan}; }
  bool keeps_state() const override { return false; }
  const char* orders_across_documents_by() const override { return parts_.shared; }
  std::string fingerprint() const override { return parts_.fingerprint; }

  void apply(const ChangeEvent& event, Effects& effects) const override {
    // Inserts for one document keep the order of its changes, unless 'order_by' says otherwise.
    const bson::Value stated = parts_.own_id ? parts_.made.value(event, "id", effects.arena()) : event.id;
    const bson::Value order =
        parts_.ordered ? parts_.made.value(event, "order", effects.arena()) : bson::Value{};
    const bool known = order && !order.is_null();
    const std::uint64_t key = bson::Identity(known ? order : stated).hash(seed_);
    const bool derived = parts_.plan.mode == Mode::insert && !parts_.own_id;
    const bson::Value id = derived ? id_of_event(event, name(), effects.arena()) : stated;
    if (!is_usable_id(id)) {
      effects.add(Reject{no_target_code, no_target}, bson::Identity(event.id).hash(seed_));
      return;
    }
    const bson::View values = parts_.made.value(event, "values", effects.arena()).document();
    if (!values && parts_.plan.mode != Mode::remove) {
      effects.add(Reject{no_target_code, no_values}, bson::Identity(event.id).hash(seed_));
      return;
    }
    effects.add(Put{&parts_.plan, id, without_id(values, effects.arena())}, key);
  }

 private:
  static bson::View without_id(bson::View values, Arena& arena) {
    if (!values.at("_id")) return values;
    return fields_of(values, arena, [](auto name) { return name != "_id"; });
  }

  Parts parts_;
  std::uint64_t seed_;
};

Mode read_mode(const Settings& settings) {
  const std::string mode = settings.choice("mode", {"insert", "upsert", "update", "delete"}, "insert");
  return mode == "insert"   ? Mode::insert
         : mode == "upsert" ? Mode::upsert
         : mode == "update" ? Mode::update
                            : Mode::remove;
}

void read_pipeline(const Settings& settings, DocumentPlan& plan) {
  if (!settings.has("pipeline")) return;
  if (plan.mode != Mode::upsert && plan.mode != Mode::update) {
    settings.fail("pipeline",
                  "'pipeline' says how a document is changed, so 'mode' must be upsert or update");
  }
  plan.pipeline = bson_of(settings, "pipeline", "u", settings.json("pipeline"));
  const bson::Value stages = bson::View(plan.pipeline.data(), plan.pipeline.size()).at("u");
  bool all_stages = stages.is_array();
  if (all_stages) {
    for (const auto& [index, stage] : stages.document())
      all_stages &= stage.is_document() && !stage.is_array();
  }
  if (!all_stages) {
    settings.fail("pipeline", "'pipeline' must be a list of stages, such as [{$set: {total: ...}}]");
  }
}

/// The fields that the values set, as far as the settings show.
std::vector<std::string> fields_set(const Settings& settings, const DocumentPlan& plan) {
  const std::vector<std::uint8_t> bytes = bson_of(settings, "values", "v", settings.json("values"));
  std::vector<std::string> names;
  if (!plan.pipeline.empty()) return names;
  for (const auto& [name, value] : bson::View(bytes.data(), bytes.size()).at("v").document())
    names.emplace_back(name);
  return names;
}

/// Whether a write into the collection that is read would trigger the rule again.
bool sets_itself_off(const Settings& settings, const DocumentPlan& plan, const Subscription& read) {
  if (plan.mode == Mode::insert) return read.inserts;
  if (plan.mode == Mode::remove) return read.deletes;
  if (plan.mode == Mode::upsert && read.inserts) return true;
  if (!read.updates) return false;
  const std::vector<std::string> set = fields_set(settings, plan);
  if (read.any_field || set.empty()) return true;
  return std::ranges::any_of(set, [&](const std::string& one) {
    return std::ranges::any_of(read.fields, [&](const std::string& field) { return overlap(one, field); });
  });
}

void check_loop(const Settings& settings, const DocumentPlan& plan, const std::vector<Subscription>& all) {
  for (const Subscription& one : all) {
    if (one.collection != plan.collection || !sets_itself_off(settings, plan, one)) continue;
    settings.fail("into", "what the rule writes into '" + plan.collection +
                              "' would trigger it again; restrict 'operations' and 'fields' so that they "
                              "exclude its own writes");
  }
}

}  // namespace

std::unique_ptr<Rule> make_write(const RuleConfig& rule, const std::string& database) {
  const Settings& settings = rule.settings;
  DocumentPlan plan{database, collection_name(settings, "into", database), read_mode(settings)};
  if (plan.mode != Mode::insert && settings.has("dedup_s")) {
    settings.fail("dedup_s",
                  "'dedup_s' is for inserts; for a document that is upserted, updated or deleted, a value "
                  "that returns is not a repetition");
  }
  read_pipeline(settings, plan);
  std::vector<Subscription> subscriptions =
      read_selections(settings, collection_names(settings, "from", database));
  Made made(rule.name);
  const bool own_id = settings.has("id");
  if (own_id) made.add(settings, "id", "id");
  const bool ordered = settings.has("order_by");
  if (ordered && plan.mode != Mode::insert) {
    settings.fail("order_by", "'order_by' is for inserts; other modes keep the order of their 'id'");
  }
  if (ordered) {
    if (settings.has("order")) settings.fail("order", "'order_by' already sets the order");
    made.add(settings, "order_by", "order");
    check_order(settings, made, subscriptions);
  }
  const char* shared = orders_documents(settings, "id");
  if (shared == nullptr) shared = orders_documents(settings, "order_by");
  plan.ids_of_events = plan.mode == Mode::insert && !own_id;
  if (plan.mode != Mode::remove) {
    if (settings.has("values")) {
      refuse_constant(settings, "values", "a map of fields, or an expression whose value is a document");
    }
    made.add(settings, "values", "values");
  }
  plan.whole = plan.pipeline.empty() && made.is_whole("values");
  if (plan.mode != Mode::remove && !plan.whole) plan.sets = fields_set(settings, plan);
  made.ask_for(settings, subscriptions);
  check_loop(settings, plan, subscriptions);
  std::string text = "write " + plan.collection + " " + std::to_string(static_cast<int>(plan.mode));
  if (!plan.pipeline.empty()) text += " " + bson::View(plan.pipeline.data(), plan.pipeline.size()).json();
  for (const Subscription& one : subscriptions) text += " " + one.collection;
  return std::make_unique<WriteRule>(
      rule.name, WriteRule::Parts{std::move(plan), std::move(subscriptions), std::move(made), own_id, ordered,
                                  shared, std::move(text)});
}

}  // namespace sluice::rules
