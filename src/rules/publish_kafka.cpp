#include <algorithm>
#include <optional>

#include "bson/json_writer.hpp"
#include "core/kafka_plan.hpp"
#include "rules/registry.hpp"
#include "rules/shared/collection_names.hpp"
#include "rules/shared/debezium.hpp"
#include "rules/shared/event_message.hpp"
#include "rules/shared/format.hpp"
#include "rules/shared/selection.hpp"
#include "rules/shared/targets.hpp"
#include "rules/shared/text_template.hpp"

namespace sluice::rules {

namespace {

constexpr std::int32_t topic_code = 3;
constexpr std::int32_t key_code = 4;
constexpr std::int32_t value_code = 5;
constexpr std::size_t most_topic = 249;
constexpr const char* no_topic =
    "the message's topic would be longer than 249 characters, or '.' or '..', which Kafka does not accept: "
    "change the rule's 'topic', or the names or fields it is made of";
constexpr std::size_t most_message_id = 1024;
constexpr const char* no_id = "the message's id would be longer than 1 KiB: shorten the rule's 'message_id'";
constexpr const char* no_key_field =
    "the rule's 'key' or 'topic' is made of a field, and the event does not hold the document: enable "
    "changeStreamPreAndPostImages on the collection and keep images for longer than the worker may lag";

using Names = std::vector<std::pair<std::string, std::string>>;

/// What a deleted document becomes.
enum class Deletes : std::uint8_t { event, tombstone, both };

/// Publishes a message to Kafka for each change, in the order of each key's changes.
class KafkaRule final : public Rule {
 public:
  struct Parts {
    KafkaPlan plan;
    std::vector<Subscription> subscriptions;
    TextTemplate topic;
    std::optional<TextTemplate> key;  ///< nothing: the id as canonical Extended JSON
    TextTemplate message_id;
    Payload payload = Payload::event;
    Deletes deletes = Deletes::event;
    bool envelope = false;
    std::string debezium;  ///< the logical name of the source; "": the format is another one
    bool own_headers = true;
    bool snapshot = false;
    bool by_key = false;  ///< the order of different documents with the same key is promised
    std::string fingerprint;
  };

  KafkaRule(std::string name, Parts parts) : Rule(std::move(name)), parts_(std::move(parts)) {
    needs_document_ =
        !parts_.topic.fields().empty() || (parts_.key.has_value() && !parts_.key->fields().empty());
  }

  std::vector<Subscription> subscriptions() const override { return parts_.subscriptions; }
  std::vector<const DeliveryPlan*> deliveries() const override { return {&parts_.plan}; }
  bool has_snapshots() const override { return true; }
  bool begins_with_snapshot() const override { return parts_.snapshot; }
  bool keeps_state() const override { return false; }
  const char* orders_across_documents_by() const override { return parts_.by_key ? "order" : nullptr; }
  std::string fingerprint() const override { return parts_.fingerprint; }

  void apply(const ChangeEvent& event, Effects& effects) const override {
    if (!parts_.debezium.empty() && !event.id) return;  // Debezium has no messages about collections
    Arena& arena = effects.arena();
    const std::optional<std::string_view> key = key_of(event, arena);
    const std::uint64_t order = order_key(event, key);
    if (needs_document_ && event.id && !event.full_document && !event.before) {
      effects.add(Reject{key_code, no_key_field}, order);
      return;
    }
    InlineText topic;
    parts_.topic.append_to(topic, event);
    InlineText id;
    append_message_id(id, parts_.message_id, event);
    const bool possible = topic.fits() && topic.view().size() <= most_topic && !topic.view().empty() &&
                          topic.view() != "." && topic.view() != "..";
    if (!possible || !id.fits() || id.view().size() > most_message_id) {
      effects.add(Reject{topic_code, possible ? no_id : no_topic}, order);
      return;
    }
    Message message;
    message.address = arena.keep(topic.view());
    if (key) message.key = *key;
    if (event.operation != Operation::snapshot) message.position = event.token_data;
    message.shard_hash = event.shard_hash;
    const bool deletes = event.operation == Operation::remove && key;
    if (!deletes || parts_.deletes != Deletes::tombstone) {
      message.id = arena.keep(id.view());
      message.headers = headers(event, id.view(), parts_.envelope, arena);
      if (const char* why = set_value(event, message, arena)) {
        effects.add(Reject{value_code, why}, order);
        return;
      }
      if (parts_.envelope) message.envelope = cloud_envelope(event, id.view(), arena);
      effects.add(Deliver{&parts_.plan, arena.keep(message)}, order);
    }
    if (!deletes || parts_.deletes == Deletes::event) return;
    if (parts_.deletes == Deletes::both) id.append("-tombstone");
    message.id = arena.keep(id.view());
    message.headers = headers(event, id.view(), false, arena);
    message.payload = {};
    message.text = {};
    message.envelope = {};
    effects.add(Deliver{&parts_.plan, arena.keep(message)}, order);
  }

 private:
  /// The message's key; nothing if it has none: the rule says so, or the event is about no document.
  std::optional<std::string_view> key_of(const ChangeEvent& event, Arena& arena) const {
    if (!event.id) return std::nullopt;
    if (!parts_.key && !parts_.debezium.empty()) return arena.keep(std::string_view(debezium_key(event.id)));
    if (!parts_.key) {
      std::string text;
      bson::append_json(text, event.id, {bson::JsonStyle::canonical, bson::JsonBytes::kept});
      return arena.keep(std::string_view(text));
    }
    if (parts_.key->text().empty()) return std::nullopt;
    LongText text;
    parts_.key->append_to(text, event);
    return arena.keep(text.view());
  }

  /// Returns why the event has no value; null if it has one.
  const char* set_value(const ChangeEvent& event, Message& message, Arena& arena) const {
    if (parts_.debezium.empty()) {
      message.payload = payload_of(event, parts_.payload, arena);
      return nullptr;
    }
    auto failure = bson::JsonFailure::none;
    message.text = arena.keep(std::string_view(debezium_value(event, parts_.debezium, failure)));
    return failure == bson::JsonFailure::none ? nullptr : bson::reason_of(failure);
  }

  /// Messages with one key share a lane, because Kafka keeps the order of a key. Without a key the changes of
  /// each document share one.
  static std::uint64_t order_key(const ChangeEvent& event, const std::optional<std::string_view>& key) {
    if (key) return bson::stable_hash(*key, 0);
    return bson::Identity(event.id).hash(bson::stable_hash(event.collection, 0));
  }

  std::string_view headers(const ChangeEvent& event, std::string_view id, bool envelope, Arena& arena) const {
    InlineText text;
    if (parts_.own_headers) {
      append_event_headers(text, event);
      text.append("\nSluice-Message-Id: ");
      text.append(id);
    }
    if (envelope) {
      if (parts_.own_headers) text.append('\n');
      text.append("content-type: application/cloudevents+json");
    }
    return arena.keep(text.view());
  }

  Parts parts_;
  bool needs_document_ = false;
};

TopicShape read_topic_shape(const Settings& kafka) {
  TopicShape shape;
  shape.create = kafka.choice("create", {"true", "false"}, "false") == "true";
  constexpr long long most_partitions = 100'000;
  constexpr long long most_replicas = 100;
  shape.partitions = static_cast<std::int32_t>(kafka.integer_or("partitions", -1, 1, most_partitions));
  shape.replication = static_cast<std::int32_t>(kafka.integer_or("replication", -1, 1, most_replicas));
  if (kafka.has("config")) {
    const Settings config = kafka.section("config");
    for (const std::string& name : config.keys()) shape.config.emplace_back(name, config.scalar(name));
  }
  for (const std::string_view key : {"partitions", "replication", "config"}) {
    if (!shape.create && kafka.has(key)) {
      kafka.fail(key, "'" + std::string(key) + "' is for topics that Sluice creates; add 'create: true'");
    }
  }
  return shape;
}

void check_topic(const Settings& kafka, const TextTemplate& topic) {
  std::string fixed = topic.text();
  for (auto open = fixed.find('{'); open != std::string::npos; open = fixed.find('{'))
    fixed.erase(open, fixed.find('}', open) - open + 1);
  constexpr std::string_view possible = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  const bool wrong = topic.text().empty() || fixed.find_first_not_of(possible) != std::string::npos ||
                     (topic.is_fixed() && (fixed.size() > most_topic || fixed == "." || fixed == ".."));
  if (!wrong) return;
  kafka.fail("topic", "'" + topic.text() +
                          "' cannot be the name of a topic: it has 1 to 249 letters, digits, '.', '_' and "
                          "'-', and names in braces");
}

/// Debezium publishes updates with the document as it is when the event is read, and has no other payload.
void settle_debezium(const Settings& settings, std::vector<Subscription>& subscriptions) {
  if (settings.has("payload"))
    settings.fail("payload", "the format 'debezium' has a payload of its own; remove 'payload'");
  for (Subscription& one : subscriptions) {
    if (one.updates && !settings.has("full_document")) one.full_document = FullDocument::look_up;
  }
}

}  // namespace

std::unique_ptr<Rule> make_kafka_publish(const RuleConfig& rule, const std::string& database) {
  const Settings& settings = rule.settings;
  const Settings kafka = settings.section("kafka");
  KafkaPlan plan;
  plan.shape = read_topic_shape(kafka);
  TextTemplate topic(kafka, "topic", "{db}.{coll}", {}, TextTemplate::Escape::topic);
  check_topic(kafka, topic);
  std::optional<TextTemplate> key;
  if (kafka.has("key")) key.emplace(kafka, "key", "", Names(), TextTemplate::Escape::verbatim);
  const bool debezium = settings.has("format") && settings.scalar("format") == "debezium";
  const std::string deletes =
      kafka.choice("deletes", {"event", "tombstone", "both"}, debezium && !key ? "both" : "event");
  if (deletes != "event" && key && key->text().empty()) {
    kafka.fail("deletes", "a tombstone needs a key; remove 'key', or state one");
  }
  kafka.done();

  TextTemplate message_id(settings, "message_id", "{token}", {}, TextTemplate::Escape::line);
  const std::string format =
      read_format(settings, {"relaxed", "canonical", "bson", "cloudevents", "debezium"});
  const std::string payload = settings.choice("payload", {"event", "document"}, "event");
  const bool by_key = settings.choice("order", {"document", "key"}, "document") == "key";
  const bool own_headers = settings.choice("headers", {"all", "none"}, "all") == "all";
  const bool snapshot = settings.choice("snapshot", {"none", "first"}, "none") == "first";
  std::vector<Subscription> subscriptions =
      read_selections(settings, read_from(rule, database), Tells::of_collections);
  if (debezium) settle_debezium(settings, subscriptions);
  if (!topic.fields().empty() || (key && !key->fields().empty())) ask_for_documents(settings, subscriptions);

  const std::string name = debezium ? debezium_name(topic.text()) : "";
  std::string text = "publish kafka " + topic.text() + " " + (key ? "key " + key->text() : "id") + " " +
                     message_id.text() + " " + format + " " + payload + " " + deletes;
  for (const Subscription& one : subscriptions) text += " " + one.collection;
  if (by_key) text += " in order";
  if (!own_headers) text += " without headers";

  plan.topics = known_targets(topic, subscriptions, database);
  plan.format = format == "bson"        ? PayloadFormat::bson
                : format == "canonical" ? PayloadFormat::canonical_json
                                        : PayloadFormat::relaxed_json;
  return std::make_unique<KafkaRule>(
      rule.name,
      KafkaRule::Parts{std::move(plan), std::move(subscriptions), std::move(topic), std::move(key),
                       std::move(message_id), payload == "document" ? Payload::document : Payload::event,
                       deletes == "both"        ? Deletes::both
                       : deletes == "tombstone" ? Deletes::tombstone
                                                : Deletes::event,
                       format == "cloudevents", name, own_headers, snapshot, by_key, std::move(text)});
}

}  // namespace sluice::rules
