#include <algorithm>

#include "core/rabbit_plan.hpp"
#include "rules/registry.hpp"
#include "rules/shared/collection_names.hpp"
#include "rules/shared/event_message.hpp"
#include "rules/shared/format.hpp"
#include "rules/shared/selection.hpp"
#include "rules/shared/super_stream.hpp"
#include "rules/shared/targets.hpp"
#include "rules/shared/text_template.hpp"

namespace sluice::rules {

namespace {

constexpr std::int32_t rabbit_address_code = 3;
constexpr std::int32_t rabbit_field_code = 4;
constexpr std::size_t most_amqp_name = 255;
constexpr std::size_t most_rabbit_id = 1024;
constexpr std::size_t most_hashed_key = 2048;
constexpr int most_partitions = 10'000;
constexpr const char* no_rabbit_address =
    "the message's exchange or routing key would be longer than 255 bytes, which AMQP does not allow: "
    "shorten "
    "the rule's 'exchange' or 'routing_key', or the ids or fields they are made of";
constexpr const char* empty_exchange =
    "the rule's 'exchange' would be empty, and the message go to the default exchange: the fields that it is "
    "made "
    "of are missing or empty";
constexpr const char* no_rabbit_id =
    "the message's id would be longer than 1 KiB: shorten the rule's 'message_id'";
constexpr const char* no_rabbit_field =
    "the rule's 'exchange' or 'routing_key' is made of a field, and the event does not hold the document: "
    "enable "
    "changeStreamPreAndPostImages on the collection and keep images for longer than the worker may lag";

/// Publishes a message to RabbitMQ for each change, in the order of each document's changes.
class RabbitRule final : public Rule {
 public:
  struct Parts {
    RabbitPlan plan;
    std::vector<Subscription> subscriptions;
    TextTemplate exchange;
    TextTemplate routing_key;
    std::uint32_t partitions = 0;  ///< of the super stream; 0: it is none
    TextTemplate message_id;
    Payload payload = Payload::event;
    bool envelope = false;
    bool own_headers = true;
    bool snapshot = false;
    std::string fingerprint;
  };

  RabbitRule(std::string name, Parts parts) : Rule(std::move(name)), parts_(std::move(parts)) {
    needs_document_ = !parts_.exchange.fields().empty() || !parts_.routing_key.fields().empty();
  }

  std::vector<Subscription> subscriptions() const override { return parts_.subscriptions; }
  std::vector<const DeliveryPlan*> deliveries() const override { return {&parts_.plan}; }
  bool has_snapshots() const override { return true; }
  bool begins_with_snapshot() const override { return parts_.snapshot; }
  bool keeps_state() const override { return false; }
  std::string fingerprint() const override { return parts_.fingerprint; }

  void apply(const ChangeEvent& event, Effects& effects) const override {
    const std::uint64_t key = bson::Identity(event.id).hash(bson::stable_hash(event.collection, 0));
    if (needs_document_ && event.id && !event.full_document && !event.before) {
      effects.add(Reject{rabbit_field_code, no_rabbit_field}, key);
      return;
    }
    InlineText exchange;
    InlineText routing_key;
    InlineText id;
    parts_.exchange.append_to(exchange, event);
    parts_.routing_key.append_to(routing_key, event);
    append_message_id(id, parts_.message_id, event);
    const auto possible = [](const InlineText& text, std::size_t most) {
      return text.fits() && text.view().size() <= most;
    };
    const std::size_t most_key = parts_.partitions > 0 ? most_hashed_key : most_amqp_name;
    if (!possible(exchange, most_amqp_name) || !possible(routing_key, most_key)) {
      effects.add(Reject{rabbit_address_code, no_rabbit_address}, key);
      return;
    }
    if (exchange.view().empty() && !parts_.exchange.is_fixed()) {
      effects.add(Reject{rabbit_address_code, empty_exchange}, key);
      return;
    }
    if (!possible(id, most_rabbit_id)) {
      effects.add(Reject{rabbit_address_code, no_rabbit_id}, key);
      return;
    }
    Arena& arena = effects.arena();
    Message message;
    message.address = arena.keep(exchange.view());
    message.key = key_of(routing_key.view(), arena);
    message.id = arena.keep(id.view());
    message.headers = headers(event, id.view(), arena);
    message.payload = payload_of(event, parts_.payload, arena);
    if (parts_.envelope) message.envelope = cloud_envelope(event, id.view(), arena);
    effects.add(Deliver{&parts_.plan, arena.keep(message)}, key);
  }

 private:
  std::string_view headers(const ChangeEvent& event, std::string_view id, Arena& arena) const {
    if (!parts_.own_headers) return {};
    InlineText text;
    append_event_headers(text, event);
    text.append("\nSluice-Message-Id: ");
    text.append(id);
    return arena.keep(text.view());
  }

  /// The partitions of a super stream are bound to its exchange by their numbers.
  std::string_view key_of(std::string_view routing_key, Arena& arena) const {
    if (parts_.partitions == 0) return arena.keep(routing_key);
    return arena.keep(
        std::string_view(std::to_string(super_stream_partition(routing_key, parts_.partitions))));
  }

  Parts parts_;
  bool needs_document_ = false;
};

/// Refuses settings with which a super stream would lose the order of a document's changes, and those that
/// describe no super stream.
void check_partitions(const Settings& rabbitmq, const TextTemplate& routing_key, const std::string& declare) {
  if (routing_key.tells_of_the_change()) {
    rabbitmq.fail("routing_key",
                  "with 'partitions' the routing key chooses the partition, so it cannot contain {op} "
                  "or {token}: the changes of a document would lose their order");
  }
  if (declare != "none") {
    rabbitmq.fail("declare",
                  "a super stream also needs its streams: create it with 'rabbitmq-streams "
                  "add_super_stream', and remove 'declare'");
  }
}

void check_amqp_name(const Settings& rabbitmq, std::string_view key, const TextTemplate& text) {
  if (text.is_fixed() && text.text().size() > most_amqp_name)
    rabbitmq.fail(key, "'" + std::string(key) + "' has more than 255 bytes, which AMQP does not allow");
}

RabbitPlan rabbit_plan(const std::string& format) {
  RabbitPlan plan;
  if (format == "bson") {
    plan.format = PayloadFormat::bson;
    plan.content_type = "application/bson";
  } else if (format == "canonical") {
    plan.format = PayloadFormat::canonical_json;
  } else if (format == "cloudevents") {
    plan.content_type = "application/cloudevents+json";
  }
  return plan;
}

}  // namespace

std::unique_ptr<Rule> make_rabbitmq_publish(const RuleConfig& rule, const std::string& database) {
  const Settings& settings = rule.settings;
  if (settings.has("kafka"))
    settings.fail("rabbitmq", "a rule publishes either to Kafka or to RabbitMQ; make two rules");
  const Settings rabbitmq = settings.section("rabbitmq");
  TextTemplate exchange(rabbitmq, "exchange", "", {}, TextTemplate::Escape::verbatim);
  const auto partitions = static_cast<std::uint32_t>(
      rabbitmq.has("partitions") ? rabbitmq.integer_or("partitions", 1, 1, most_partitions) : 0);
  TextTemplate routing_key(rabbitmq, "routing_key", partitions > 0 ? "{id}" : "{coll}.{op}", {},
                           TextTemplate::Escape::verbatim);
  check_amqp_name(rabbitmq, "exchange", exchange);
  if (partitions == 0) check_amqp_name(rabbitmq, "routing_key", routing_key);
  const std::string declare =
      rabbitmq.choice("declare", {"none", "topic", "direct", "fanout", "headers"}, "none");
  if (declare != "none" && exchange.text().empty() && rabbitmq.has("exchange"))
    rabbitmq.fail("declare", "the default exchange (\"\") always exists; remove 'declare'");
  if (declare != "none" && exchange.text().starts_with("amq."))
    rabbitmq.fail("declare", "exchanges that begin with 'amq.' are RabbitMQ's own; remove 'declare'");
  if (partitions > 0) check_partitions(rabbitmq, routing_key, declare);
  const bool names_exchange = rabbitmq.has("exchange");
  rabbitmq.done();
  if (!names_exchange) {
    settings.fail("rabbitmq",
                  "name the 'exchange'; with exchange: \"\" the routing key is the name of a queue");
  }

  TextTemplate message_id(settings, "message_id", "{token}", {}, TextTemplate::Escape::line);
  const std::string format = read_format(settings, {"relaxed", "canonical", "bson", "cloudevents"});
  const std::string payload = settings.choice("payload", {"event", "document"}, "event");
  const bool own_headers = settings.choice("headers", {"all", "none"}, "all") == "all";
  const bool snapshot = settings.choice("snapshot", {"none", "first"}, "none") == "first";
  std::vector<Subscription> subscriptions =
      read_selections(settings, read_from(rule, database), Tells::of_collections);
  if (!exchange.fields().empty() || !routing_key.fields().empty()) ask_for_documents(settings, subscriptions);

  std::string text = "publish rabbitmq " + exchange.text() + " " + routing_key.text() + " " +
                     message_id.text() + " " + format + " " + payload;
  for (const Subscription& one : subscriptions) text += " " + one.collection;
  if (!own_headers) text += " without headers";
  if (partitions > 0) text += " in " + std::to_string(partitions) + " partitions";

  RabbitPlan plan = rabbit_plan(format);
  if (declare != "none") plan.declare = declare;
  plan.exchanges = known_targets(exchange, subscriptions, database);
  return std::make_unique<RabbitRule>(
      rule.name, RabbitRule::Parts{std::move(plan), std::move(subscriptions), std::move(exchange),
                                   std::move(routing_key), partitions, std::move(message_id),
                                   payload == "document" ? Payload::document : Payload::event,
                                   format == "cloudevents", own_headers, snapshot, std::move(text)});
}

}  // namespace sluice::rules
