#include "sinks/mongo/letter_effect.hpp"

#include <algorithm>

#include "bson/storable.hpp"
#include "bson/text.hpp"
#include "config/mask.hpp"

namespace sluice::sinks {

namespace {

constexpr std::string_view increment = "increment";
constexpr std::string_view refresh = "refresh";
constexpr std::string_view fill = "fill";
constexpr std::string_view none = "none";
constexpr std::string_view publish = "publish";
constexpr std::string_view put = "put";

std::string_view name_of(DocumentPlan::Mode mode) {
  switch (mode) {
    case DocumentPlan::Mode::insert:
      return "insert";
    case DocumentPlan::Mode::upsert:
      return "upsert";
    case DocumentPlan::Mode::update:
      return "update";
    case DocumentPlan::Mode::remove:
      return "remove";
    case DocumentPlan::Mode::append:
      return "append";
  }
  return "";
}

// A dead letter, with its event, must itself fit into a document.
constexpr std::size_t most_values = 4u << 20;
constexpr std::size_t most_id = 1u << 20;
constexpr std::size_t most_text = 1024;
constexpr int levels_above = 2;  ///< nesting levels above id and values: the letter and its effect

std::string reference_path(const CopyPlan& plan) {
  return plan.array.empty() ? plan.reference : plan.array + "." + plan.reference;
}

/// Shortens a text that is only displayed.
std::string_view shown(std::string_view text) {
  return text.substr(0, most_text);
}

bool stands_readable(bson::View document, LetterForm form) {
  return form == LetterForm::readable &&
         bson::levels_of(document, bson::max_levels + 1) + levels_above <= bson::max_levels;
}

void append_id(bson::Builder& out, const bson::Value& id, LetterForm form) {
  if (id.raw().size() > most_id) return;
  const bool flat = !id.is_document() && !id.is_array();
  if (flat || stands_readable(id.document(), form)) {
    out.append("id", id);
    return;
  }
  bson::Builder alone;
  const bson::View made = alone.append("id", id).finish();
  out.append_binary(id_bytes, {made.data(), made.size()});
}

void append_values(bson::Builder& out, bson::View values, LetterForm form) {
  if (!values || values.size() > most_values) return;
  if (stands_readable(values, form)) {
    out.append("values", values);
  } else {
    out.append_binary(values_bytes, {values.data(), values.size()});
  }
}

struct Describe {
  bson::Builder& out;
  LetterForm form;

  void operator()(const Increment& effect) const {
    out.append("kind", increment).append("database", effect.plan->database);
    out.append("collection", effect.plan->collection);
    append_id(out, effect.id, form);
    out.append("field", effect.plan->field).append("delta", effect.delta);
  }
  void operator()(const Refresh& effect) const { copy(refresh, *effect.plan, effect.source_id); }
  void operator()(const Fill& effect) const { copy(fill, *effect.plan, effect.target_id); }
  void operator()(const Reject&) const { out.append("kind", none); }
  void operator()(const Deliver& effect) const {
    out.append("kind", publish).append("sink", effect.plan->sink());
    if (!effect.message->verb.empty()) out.append("verb", effect.message->verb);
    out.append("subject", shown(config::mask_address(effect.message->address)))
        .append("id", shown(effect.message->id));
  }
  void operator()(const Put& effect) const {
    out.append("kind", put).append("mode", name_of(effect.plan->mode));
    out.append("database", effect.plan->database).append("collection", effect.plan->collection);
    append_id(out, effect.id, form);
    append_values(out, effect.values, form);
  }

  void copy(std::string_view kind, const CopyPlan& plan, const bson::Value& id) const {
    out.append("kind", kind).append("database", plan.database).append("collection", plan.target);
    out.append("source", plan.source).append("reference", reference_path(plan));
    append_id(out, id, form);
  }
};

/// Whether the field has this value. A missing field matches any value, because older letters lack some
/// fields.
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

bool same_place(bson::View effect, const DocumentPlan& plan) {
  return effect.at("mode").text() == name_of(plan.mode) && says(effect, "database", plan.database) &&
         says(effect, "collection", plan.collection);
}

/// The id as text. A string is quoted, to distinguish '5' from 5.
std::string id_text(const bson::Value& id) {
  if (!id) return "(an _id too large to be stored)";
  const std::string text = bson::text_of(id);
  return id.type() == BSON_TYPE_UTF8 ? "'" + text + "'" : text;
}

}  // namespace

void describe_effect(const EffectBody& effect, bson::Builder& out, LetterForm form) {
  if (form == LetterForm::bare) {
    out.append("kind", none);
  } else {
    std::visit(Describe{out, form}, effect);
  }
}

bson::View document_of_bytes(const bson::Value& value) {
  constexpr std::size_t head = 5;  // the length and the subtype
  if (value.type() != BSON_TYPE_BINARY || value.raw().size() < head) return {};
  return {value.raw().data() + head, value.raw().size() - head};
}

bson::Value effect_id(bson::View effect) {
  const bson::View bytes = document_of_bytes(effect.at(id_bytes));
  return bytes ? bytes.at("id") : effect.at("id");
}

std::vector<Write> writes_of(bson::View effect, const std::vector<Projection>& projections,
                             const std::vector<const DocumentPlan*>& documents) {
  std::vector<Write> writes;
  if (!effect.at("id")) return writes;
  for (const Projection& projection : projections) std::visit(WriteFor{effect, writes}, projection);
  if (effect.at("kind").text() != put) return writes;
  const bson::View values = effect.at("values").document();
  for (const DocumentPlan* plan : documents) {
    const bool whole = values || plan->mode == DocumentPlan::Mode::remove;
    if (same_place(effect, *plan) && whole) writes.emplace_back(PutWrite{plan, effect.at("id"), values});
  }
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
  if (kind == publish) {
    const std::string_view verb = effect.at("verb").text();
    return std::string(verb.empty() ? publish : verb) + " " + std::string(effect.at("subject").text());
  }
  if (kind == put)
    return std::string(effect.at("mode").text()) + " " + collection + " " + id_text(effect.at("id"));
  return "none: the event could not be processed";
}

bool lacks_values(bson::View effect) {
  return effect.at("kind").text() == put && !effect.at("values") && effect.at("mode").text() != "remove";
}

bool lacks_id(bson::View effect) {
  const std::string_view kind = effect.at("kind").text();
  const bool about_document = kind == increment || kind == refresh || kind == fill || kind == put;
  return about_document && !effect.at("id");
}

bool is_message(bson::View effect) {
  return effect.at("kind").text() == publish;
}

bool holds_no_effect(bson::View effect) {
  const std::string_view kind = effect.at("kind").text();
  return kind.empty() || kind == none;
}

}  // namespace sluice::sinks
