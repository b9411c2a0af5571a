#include "sinks/letter_effect.hpp"

namespace sluice::sinks {

namespace {

constexpr std::string_view increment = "increment";
constexpr std::string_view refresh = "refresh";
constexpr std::string_view fill = "fill";
constexpr std::string_view none = "none";
constexpr std::string_view publish = "publish";

std::string reference_path(const CopyPlan& plan) {
  return plan.array.empty() ? plan.reference : plan.array + "." + plan.reference;
}

struct Describe {
  bson::Builder& out;
  void operator()(const Increment& effect) const {
    out.append("kind", increment).append("database", effect.plan->database);
    out.append("collection", effect.plan->collection).append("id", effect.id);
    out.append("field", effect.plan->field).append("delta", effect.delta);
  }
  void operator()(const Refresh& effect) const { copy(refresh, *effect.plan, effect.source_id); }
  void operator()(const Fill& effect) const { copy(fill, *effect.plan, effect.target_id); }
  void operator()(const Reject&) const { out.append("kind", none); }
  void operator()(const Publish& effect) const {
    out.append("kind", publish).append("stream", effect.plan->stream.name);
    out.append("subject", effect.message->subject).append("id", effect.message->id);
  }

  void copy(std::string_view kind, const CopyPlan& plan, const bson::Value& id) const {
    out.append("kind", kind).append("database", plan.database).append("collection", plan.target);
    out.append("source", plan.source).append("reference", reference_path(plan)).append("id", id);
  }
};

/// A field that an older letter does not have leaves the plan open.
bool says(bson::View effect, std::string_view field, const std::string& value) {
  const bson::Value said = effect.at(field);
  return !said || said.text() == value;
}

struct WriteFor {
  bson::View effect;
  std::vector<Write>& out;

  void operator()(const Counted& counted) const {
    const CounterPlan& plan = *counted.plan;
    const auto delta = effect.at("delta").integer();
    const bool same = says(effect, "database", plan.database) &&
                      says(effect, "collection", plan.collection) && says(effect, "field", plan.field);
    if (kind() == increment && delta && same) out.push_back(CounterWrite{&plan, effect.at("id"), *delta, 0});
  }

  void operator()(const Copied& copied) const {
    const CopyPlan& plan = *copied.plan;
    const bool same = says(effect, "database", plan.database) && says(effect, "collection", plan.target) &&
                      says(effect, "source", plan.source) && says(effect, "reference", reference_path(plan));
    if (!same) return;
    if (kind() == refresh) out.push_back(RefreshWrite{&plan, effect.at("id")});
    if (kind() == fill) out.push_back(FillWrite{&plan, effect.at("id"), {}});
  }

  std::string_view kind() const { return effect.at("kind").text(); }
};

std::string id_text(const bson::Value& id) {
  if (const auto number = id.integer()) return std::to_string(*number);
  if (id.type() == BSON_TYPE_UTF8) return "'" + std::string(id.text()) + "'";
  if (id.type() == BSON_TYPE_OID) {
    bson_oid_t oid;
    bson_oid_init_from_data(&oid, id.raw().data());
    char text[25];
    bson_oid_to_string(&oid, text);
    return text;
  }
  bson::Builder alone;
  const std::string json = alone.append("v", id).finish().json();
  constexpr std::string_view before = "{ \"v\" : ";
  constexpr std::string_view behind = " }";
  return json.substr(before.size(), json.size() - before.size() - behind.size());
}

}  // namespace

void describe_effect(const EffectBody& effect, bson::Builder& out) {
  std::visit(Describe{out}, effect);
}

std::vector<Write> writes_of(bson::View effect, const std::vector<Projection>& projections) {
  std::vector<Write> writes;
  if (!effect.at("id")) return writes;
  for (const Projection& projection : projections) std::visit(WriteFor{effect, writes}, projection);
  return writes;
}

std::string effect_in_words(bson::View effect) {
  const std::string_view kind = effect.at("kind").text();
  const std::string collection(effect.at("collection").text());
  if (kind == increment) {
    const std::int64_t delta = effect.at("delta").integer().value_or(0);
    return std::string(effect.at("field").text()) + (delta < 0 ? " " : " +") + std::to_string(delta) +
           " on " + collection + " " + id_text(effect.at("id"));
  }
  if (kind == refresh) {
    return "copies of " + std::string(effect.at("source").text()) + " " + id_text(effect.at("id")) + " in " +
           collection;
  }
  if (kind == fill) return "copies in " + collection + " " + id_text(effect.at("id"));
  if (kind == publish) return "publish " + std::string(effect.at("subject").text());
  return "none: the event could not be used";
}

bool is_message(bson::View effect) {
  return effect.at("kind").text() == publish;
}

bool holds_no_effect(bson::View effect) {
  const std::string_view kind = effect.at("kind").text();
  return kind.empty() || kind == none;
}

}  // namespace sluice::sinks
