#include <algorithm>

#include "config/names.hpp"
#include "core/publish_plan.hpp"
#include "rules/registry.hpp"
#include "rules/shared/collection_names.hpp"
#include "rules/shared/event_message.hpp"
#include "rules/shared/format.hpp"
#include "rules/shared/selection.hpp"
#include "rules/shared/text_template.hpp"

namespace sluice::rules {

namespace {

constexpr std::int32_t subject_code = 3;
constexpr const char* no_subject =
    "the message's subject would be longer than 2 KiB, which NATS does not accept: shorten the rule's "
    "'subject', or "
    "the ids or fields it is made of";
constexpr std::size_t most_subject = 2048;

/// Publishes a message for each change, in the order of each document's changes.
class PublishRule final : public Rule {
 public:
  struct Parts {
    PublishPlan plan;
    std::vector<Subscription> subscriptions;
    TextTemplate subject;
    TextTemplate message_id;
    Payload payload = Payload::event;
    bool envelope = false;
    bool own_headers = true;
    bool snapshot = false;
    std::string database;
    std::string fingerprint;
  };

  PublishRule(std::string name, Parts parts) : Rule(std::move(name)), parts_(std::move(parts)) {}

  std::vector<Subscription> subscriptions() const override { return parts_.subscriptions; }
  std::vector<const DeliveryPlan*> deliveries() const override { return {&parts_.plan}; }
  bool has_snapshots() const override { return true; }
  bool begins_with_snapshot() const override { return parts_.snapshot; }
  bool keeps_state() const override { return false; }
  const char* orders_across_documents_by() const override { return parts_.plan.in_order ? "order" : nullptr; }
  std::string fingerprint() const override { return parts_.fingerprint; }

  void apply(const ChangeEvent& event, Effects& effects) const override {
    const std::uint64_t key = order_key(event);
    InlineText subject;
    parts_.subject.append_to(subject, event);
    InlineText id;
    append_message_id(id, parts_.message_id, event);
    if (!subject.fits() || !id.fits()) {
      effects.add(Reject{subject_code, no_subject}, key);
      return;
    }
    Arena& arena = effects.arena();
    Message message;
    message.address = arena.keep(subject.view());
    message.id = arena.keep(id.view());
    message.headers = headers(event, arena);
    message.payload = payload_of(event, parts_.payload, arena);
    if (parts_.envelope) message.envelope = cloud_envelope(event, id.view(), arena);
    effects.add(Deliver{&parts_.plan, arena.keep(message)}, key);
  }

 private:
  /// Messages that must keep their order share a key, and so a lane: all of a JetStream stream, or those of
  /// one document.
  std::uint64_t order_key(const ChangeEvent& event) const {
    if (parts_.plan.in_order) return bson::stable_hash(parts_.plan.stream.name, 0);
    return bson::Identity(event.id).hash(bson::stable_hash(event.collection, 0));
  }

  std::string_view headers(const ChangeEvent& event, Arena& arena) const {
    InlineText text;
    if (parts_.own_headers) append_event_headers(text, event);
    if (parts_.envelope) {
      if (parts_.own_headers) text.append('\n');
      text.append("Content-Type: application/cloudevents+json");
    }
    return arena.keep(text.view());
  }

  Parts parts_;
};

/// A pattern that every subject of the template matches: the fixed start up to its last dot, and then `>`.
std::string pattern_of(const TextTemplate& subject) {
  const std::string_view start = subject.fixed_start();
  if (subject.is_fixed()) return std::string(start);
  const auto dot = start.rfind('.');
  return dot == std::string_view::npos ? ">" : std::string(start.substr(0, dot)) + ".>";
}

void check_stream_name(const Settings& settings, std::string_view key, const std::string& name) {
  const bool possible = !name.empty() && name.find_first_of(" \t\r\n.*>/\\") == std::string::npos;
  if (!possible) settings.fail(key, "'" + name + "' cannot be the name of a JetStream stream");
}

/// Refuses the server's own subjects, and those of its key-value and object stores.
void check_reserved(const Settings& settings, std::string_view key, std::string_view subject) {
  for (const std::string_view reserved : {"$JS", "$SYS", "$KV", "$O"}) {
    const std::string_view first = subject.substr(0, subject.find('.'));
    if (first != reserved) continue;
    settings.fail(key, "'" + std::string(subject) + "': subjects that begin with " + std::string(reserved) +
                           " are reserved for NATS; choose another prefix");
  }
}

void check_subject(const Settings& settings, const TextTemplate& subject) {
  check_reserved(settings, "subject", subject.text());
  const std::string text = "." + subject.text() + ".";
  const bool empty_token = text.find("..") != std::string::npos;
  const auto braces = subject.text().find_first_of("{}");
  const bool forbidden = subject.text().find_first_of(" \t\r\n*>") != std::string::npos;
  if (empty_token || forbidden) {
    settings.fail(
        "subject",
        "'" + subject.text() +
            "' is not a valid subject: its tokens are separated by dots and contain no spaces, * or >");
  }
  if (braces == 0 && !subject.is_fixed() && subject.fixed_start().empty()) {
    settings.fail(
        "subject",
        "'" + subject.text() +
            "' must begin with a fixed name (such as {stream}.), or its stream would capture every subject");
  }
}

StreamShape read_shape(const Settings& settings, const std::string& database) {
  StreamShape shape;
  shape.name = settings.text_or("stream", database);
  check_stream_name(settings, "stream", shape.name);
  shape.create = settings.choice("create", {"true", "false"}, "true") == "true";
  const std::string retention = settings.choice("retention", {"limits", "interest", "workqueue"}, "limits");
  shape.retention = retention == "interest"    ? StreamShape::Retention::interest
                    : retention == "workqueue" ? StreamShape::Retention::work_queue
                                               : StreamShape::Retention::limits;
  shape.discard_new = settings.choice("discard", {"old", "new"}, "old") == "new";
  constexpr long long most = 1LL << 53;
  shape.replicas = settings.integer_or("replicas", 1, 1, 5);
  shape.duplicate_window_ms = 1000 * settings.integer_or("duplicate_window_s", 120, 1, 30LL * 86'400);
  shape.max_age_ms = 1000 * settings.integer_or("max_age_s", 0, 0, most / 1'000'000'000);
  shape.max_bytes = settings.integer_or("max_bytes", 0, 0, most);
  shape.max_messages = settings.integer_or("max_messages", 0, 0, most);
  if (shape.max_age_ms > 0 && shape.duplicate_window_ms > shape.max_age_ms) {
    settings.fail("duplicate_window_s", "the duplicate window cannot be longer than max_age_s");
  }
  return shape;
}

std::optional<TokenPlace> read_tokens(const Settings& rule) {
  if (!rule.has("tokens")) return std::nullopt;
  const Settings settings = rule.section("tokens");
  TokenPlace place;
  place.database = settings.text("database");
  if (const std::string why = config::why_no_database(place.database); !why.empty()) {
    settings.fail("database", why);
  }
  place.collection = collection_name(settings, "collection", place.database);
  place.capped = settings.choice("capped", {"true", "false"}, "false") == "true";
  place.size_bytes = settings.integer_or("size_bytes", place.size_bytes, 1, 1LL << 53);
  settings.done();
  return place;
}

}  // namespace

std::unique_ptr<Rule> make_publish(const RuleConfig& rule, const std::string& database) {
  const Settings& settings = rule.settings;
  if (publishes_to_aws(settings)) return make_aws_publish(rule, database);
  if (settings.has("rabbitmq")) return make_rabbitmq_publish(rule, database);
  if (settings.has("kafka")) return make_kafka_publish(rule, database);
  StreamShape shape = read_shape(settings, database);
  const std::vector<std::pair<std::string, std::string>> names = {{"stream", shape.name}};
  TextTemplate subject(settings, "subject", "{stream}.{coll}.{op}.{id}", names,
                       TextTemplate::Escape::subject);
  check_subject(settings, subject);
  shape.subjects = settings.has("subjects") ? settings.texts("subjects") : std::vector{pattern_of(subject)};
  for (const std::string& one : shape.subjects) check_reserved(settings, "subjects", one);
  shape.needed = {subject.pattern()};
  TextTemplate message_id(settings, "message_id", "{token}", names, TextTemplate::Escape::line);
  const std::string format = read_format(settings, {"relaxed", "canonical", "bson", "cloudevents"});
  const std::string payload = settings.choice("payload", {"event", "document"}, "event");
  const bool in_order = settings.choice("order", {"document", "collection"}, "document") == "collection";
  const bool own_headers = settings.choice("headers", {"all", "none"}, "all") == "all";
  const bool snapshot = settings.choice("snapshot", {"none", "first"}, "none") == "first";
  std::vector<Subscription> subscriptions =
      read_selections(settings, read_from(rule, database), Tells::of_collections);
  std::string text =
      "publish " + shape.name + " " + subject.text() + " " + message_id.text() + " " + format + " " + payload;
  for (const Subscription& one : subscriptions) text += " " + one.collection;
  const bool has_pattern =
      std::ranges::any_of(subscriptions, [](const auto& one) { return one.set != nullptr; });
  if (in_order) text += " in order";
  if (!own_headers) text += " without headers";
  const bool canonical = format == "canonical";
  PublishPlan plan;
  plan.stream = std::move(shape);
  plan.format = format == "bson" ? PublishPlan::Format::bson
                : canonical      ? PublishPlan::Format::canonical_json
                                 : PublishPlan::Format::relaxed_json;
  plan.in_order = in_order;
  plan.tokens = read_tokens(settings);
  if (plan.tokens && has_pattern) {
    settings.fail("tokens",
                  "resume tokens of another connector need collections known by name; name them in 'from' "
                  "instead of a pattern");
  }
  plan.message_id = message_id.text();
  return std::make_unique<PublishRule>(
      rule.name,
      PublishRule::Parts{std::move(plan), std::move(subscriptions), std::move(subject), std::move(message_id),
                         payload == "document" ? Payload::document : Payload::event, format == "cloudevents",
                         own_headers, snapshot, database, std::move(text)});
}

}  // namespace sluice::rules
