#include <algorithm>
#include <optional>

#include "bson/json_writer.hpp"
#include "core/aws_plan.hpp"
#include "rules/registry.hpp"
#include "rules/shared/collection_names.hpp"
#include "rules/shared/event_message.hpp"
#include "rules/shared/format.hpp"
#include "rules/shared/selection.hpp"
#include "rules/shared/targets.hpp"
#include "rules/shared/text_template.hpp"

namespace sluice::rules {

namespace {

using Service = AwsPlan::Service;

constexpr std::int32_t aws_target_code = 3;
constexpr std::int32_t aws_field_code = 4;
constexpr std::size_t most_queue_name = 80;
constexpr std::size_t most_topic_name = 256;
constexpr std::size_t most_bus = 1600;
constexpr std::size_t most_source = 256;
constexpr std::size_t most_detail_type = 128;
constexpr std::size_t most_aws_id = 1024;
constexpr std::string_view fifo = ".fifo";
constexpr std::string_view of_names = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
constexpr const char* no_aws_target =
    "AWS does not accept the name of the message's queue, topic or bus: it would be too long, or have "
    "characters "
    "other than letters, digits, '-' and '_'; change the names or fields that the rule makes it of";
constexpr const char* no_source =
    "EventBridge does not accept the message's source or detail-type: the source would be empty, have more "
    "than "
    "256 bytes or begin with 'aws.', or the detail-type be empty or have more than 128 bytes";
constexpr const char* no_aws_id =
    "the message's id would be longer than 1 KiB: shorten the rule's 'message_id'";
constexpr const char* no_aws_field =
    "the rule's queue, topic, bus, group, source or detail-type is made of a field, and the event does not "
    "hold "
    "the document: enable changeStreamPreAndPostImages on the collection and keep images for longer than the "
    "worker may lag";

/// The name in a queue's URL, in an ARN, or the name itself.
std::string_view name_in(std::string_view target) {
  if (target.starts_with("arn:") || target.starts_with("http"))
    target.remove_prefix(target.find_last_of("/:") + 1);
  return target;
}

/// Whether a queue, topic or bus may have this name.
bool is_target(Service service, std::string_view target) {
  std::string_view name = name_in(target);
  if (service == Service::event_bridge) {
    constexpr std::string_view of_buses = "./";
    const auto possible = [&](char c) {
      return of_names.find(c) != of_names.npos || of_buses.find(c) != of_buses.npos;
    };
    return !name.empty() && target.size() <= most_bus && std::ranges::all_of(name, possible);
  }
  if (name.size() > (service == Service::sqs ? most_queue_name : most_topic_name)) return false;
  if (!name.ends_with(fifo) || name.size() == fifo.size()) return false;
  name.remove_suffix(fifo.size());
  return name.find_first_not_of(of_names) == std::string_view::npos;
}

/// Publishes a message to SQS, SNS or EventBridge for each change.
class AwsRule final : public Rule {
 public:
  struct Parts {
    AwsPlan plan;
    std::vector<Subscription> subscriptions;
    TextTemplate target;
    std::optional<TextTemplate>
        group;  ///< nothing: the id as canonical Extended JSON; EventBridge: the source
    std::optional<TextTemplate> detail_type;
    TextTemplate message_id;
    Payload payload = Payload::event;
    bool envelope = false;
    bool own_headers = true;
    bool snapshot = false;
    bool by_group = false;  ///< the order of different documents in one group is promised
    std::string fingerprint;
  };

  AwsRule(std::string name, Parts parts) : Rule(std::move(name)), parts_(std::move(parts)) {
    for (const TextTemplate* one : templates()) needs_document_ |= !one->fields().empty();
  }

  std::vector<Subscription> subscriptions() const override { return parts_.subscriptions; }
  std::vector<const DeliveryPlan*> deliveries() const override { return {&parts_.plan}; }
  bool has_snapshots() const override { return true; }
  bool begins_with_snapshot() const override { return parts_.snapshot; }
  bool keeps_state() const override { return false; }
  const char* orders_across_documents_by() const override { return parts_.by_group ? "order" : nullptr; }
  std::string fingerprint() const override { return parts_.fingerprint; }

  void apply(const ChangeEvent& event, Effects& effects) const override {
    Arena& arena = effects.arena();
    Message message;
    message.key = group_of(event, arena);
    const std::uint64_t order = order_key(event, message.key);
    if (const auto why = fill(event, message, arena)) return effects.add(*why, order);
    effects.add(Deliver{&parts_.plan, arena.keep(message)}, order);
  }

 private:
  std::vector<const TextTemplate*> templates() const {
    std::vector<const TextTemplate*> all = {&parts_.target};
    if (parts_.group) all.push_back(&*parts_.group);
    if (parts_.detail_type) all.push_back(&*parts_.detail_type);
    return all;
  }

  /// The group of an event about no document is its namespace.
  std::string_view group_of(const ChangeEvent& event, Arena& arena) const {
    if (parts_.group) {
      LongText text;
      parts_.group->append_to(text, event);
      return arena.keep(text.view());
    }
    std::string text;
    if (event.id) {
      bson::append_json(text, event.id, {bson::JsonStyle::canonical, bson::JsonBytes::kept});
    } else {
      text.append(event.database).append(".").append(event.collection);
    }
    return arena.keep(std::string_view(text));
  }

  /// Messages of one group share a lane. EventBridge keeps no order, and the changes of a document share one.
  std::uint64_t order_key(const ChangeEvent& event, std::string_view group) const {
    if (parts_.plan.service != Service::event_bridge) return bson::stable_hash(group, 0);
    return bson::Identity(event.id).hash(bson::stable_hash(event.collection, 0));
  }

  /// Fills in the message but for its group. Returns why that is not possible.
  std::optional<Reject> fill(const ChangeEvent& event, Message& message, Arena& arena) const {
    if (needs_document_ && event.id && !event.full_document && !event.before)
      return Reject{aws_field_code, no_aws_field};
    InlineText target;
    InlineText id;
    parts_.target.append_to(target, event);
    append_message_id(id, parts_.message_id, event);
    if (!target.fits() || !is_target(parts_.plan.service, target.view()))
      return Reject{aws_target_code, no_aws_target};
    if (!id.fits() || id.view().size() > most_aws_id) return Reject{aws_target_code, no_aws_id};
    if (parts_.detail_type) {
      InlineText detail_type;
      parts_.detail_type->append_to(detail_type, event);
      const bool possible = detail_type.fits() && !detail_type.view().empty() &&
                            detail_type.view().size() <= most_detail_type && !message.key.empty() &&
                            message.key.size() <= most_source && !message.key.starts_with("aws.");
      if (!possible) return Reject{aws_target_code, no_source};
      LongText header;
      header.append(AwsPlan::detail_type_header);
      header.append(detail_type.view());
      message.headers = arena.keep(header.view());
    } else {
      message.headers = headers(event, id.view(), arena);
    }
    message.address = arena.keep(target.view());
    message.id = arena.keep(id.view());
    message.payload = payload_of(event, parts_.payload, arena);
    if (parts_.envelope) message.envelope = cloud_envelope(event, id.view(), arena);
    return std::nullopt;
  }

  std::string_view headers(const ChangeEvent& event, std::string_view id, Arena& arena) const {
    if (!parts_.own_headers) return {};
    InlineText text;
    append_event_headers(text, event);
    text.append("\nSluice-Message-Id: ");
    text.append(id);
    return arena.keep(text.view());
  }

  Parts parts_;
  bool needs_document_ = false;
};

/// What a section `sqs`, `sns` or `eventbridge` says.
struct AwsSection {
  Service service;
  TextTemplate target;
  std::optional<TextTemplate> group;
  std::optional<TextTemplate> detail_type;
};

TextTemplate verbatim(const Settings& section, std::string_view key, std::string_view otherwise) {
  return {section, key, otherwise, {}, TextTemplate::Escape::verbatim};
}

void check_fifo(const Settings& section, std::string_view key, const TextTemplate& target) {
  const std::string& text = target.text();
  const bool topic = key == "topic";
  if (topic && !text.starts_with("arn:")) {
    section.fail(key, "'" + text +
                          "' is not the ARN of a topic; write one such as "
                          "arn:aws:sns:eu-central-1:123456789012:orders.fifo");
  }
  if (!text.ends_with(fifo)) {
    section.fail(key, "'" + text + "' is not a FIFO " + (topic ? "topic" : "queue") +
                          ", and others keep no order; name one that ends with .fifo");
  }
  const Service service = topic ? Service::sns : Service::sqs;
  if (target.is_fixed() && !is_target(service, text)) {
    section.fail(key, "'" + text + "' cannot be the name of a " + (topic ? "topic" : "queue") +
                          ": it has letters, digits, '-' and '_' before .fifo");
  }
}

AwsSection read_fifo(const Settings& section, Service service) {
  const std::string_view key = service == Service::sqs ? "queue" : "topic";
  const bool named = section.has(key);
  section.has("group");
  section.done();  // a key that is missing may be misspelt
  if (!named) {
    section.fail(key, service == Service::sqs ? "name the 'queue': its name or URL, which ends with .fifo"
                                              : "name the 'topic': its ARN, which ends with .fifo");
  }
  AwsSection read{service, verbatim(section, key, ""), {}, {}};
  check_fifo(section, key, read.target);
  if (section.has("group")) read.group = verbatim(section, "group", "");
  if (read.group && read.group->text().empty())
    section.fail("group", "a FIFO queue needs a group; remove 'group', and it is the document's id");
  return read;
}

AwsSection read_event_bridge(const Settings& section) {
  AwsSection read{Service::event_bridge, verbatim(section, "bus", "default"), {}, {}};
  read.group = verbatim(section, "source", "sluice.{db}");
  read.detail_type = verbatim(section, "detail_type", "{coll}.{op}");
  const auto check = [&](std::string_view key, const TextTemplate& text, std::size_t most) {
    const bool possible = !text.text().empty() && (!text.is_fixed() || text.text().size() <= most);
    if (!possible) {
      section.fail(key,
                   "'" + std::string(key) + "' has 1 to " + std::to_string(most) + " bytes in EventBridge");
    }
  };
  check("source", *read.group, most_source);
  check("detail_type", *read.detail_type, most_detail_type);
  if (read.group->text().starts_with("aws."))
    section.fail("source", "sources that begin with 'aws.' are AWS's own; choose another name");
  if (read.target.is_fixed() && !is_target(Service::event_bridge, read.target.text()))
    section.fail("bus", "'" + read.target.text() + "' is neither the name nor the ARN of an event bus");
  return read;
}

AwsSection read_section(const Settings& settings) {
  if (settings.has("sqs")) {
    const Settings section = settings.section("sqs");
    AwsSection read = read_fifo(section, Service::sqs);
    section.done();
    return read;
  }
  const bool sns = settings.has("sns");
  const Settings section = settings.section(sns ? "sns" : "eventbridge");
  AwsSection read = sns ? read_fifo(section, Service::sns) : read_event_bridge(section);
  section.done();
  return read;
}

}  // namespace

bool publishes_to_aws(const Settings& settings) {
  return settings.has("sqs") || settings.has("sns") || settings.has("eventbridge");
}

std::unique_ptr<Rule> make_aws_publish(const RuleConfig& rule, const std::string& database) {
  const Settings& settings = rule.settings;
  AwsSection section = read_section(settings);
  for (const std::string_view other : {"sns", "eventbridge", "kafka", "rabbitmq"}) {
    const bool own = other == "sns" ? section.service == Service::sns
                                    : other == "eventbridge" && section.service == Service::event_bridge;
    if (!own && settings.has(other))
      settings.fail(other, "a rule publishes to one kind of server; make two rules");
  }
  const bool ordered = section.service != Service::event_bridge;
  const bool by_group = ordered && settings.choice("order", {"document", "group"}, "document") == "group";
  TextTemplate message_id(settings, "message_id", "{token}", {}, TextTemplate::Escape::line);
  const std::string format = read_format(settings, {"relaxed", "canonical", "cloudevents"});
  const std::string payload = settings.choice("payload", {"event", "document"}, "event");
  const bool own_headers = ordered && settings.choice("headers", {"all", "none"}, "all") == "all";
  const bool snapshot = settings.choice("snapshot", {"none", "first"}, "none") == "first";
  std::vector<Subscription> subscriptions =
      read_selections(settings, read_from(rule, database), Tells::of_collections);

  AwsRule::Parts parts{.plan = {},
                       .subscriptions = std::move(subscriptions),
                       .target = std::move(section.target),
                       .group = std::move(section.group),
                       .detail_type = std::move(section.detail_type),
                       .message_id = std::move(message_id),
                       .payload = payload == "document" ? Payload::document : Payload::event,
                       .envelope = format == "cloudevents",
                       .own_headers = own_headers,
                       .snapshot = snapshot,
                       .by_group = by_group,
                       .fingerprint = {}};
  const bool has_fields = !parts.target.fields().empty() || (parts.group && !parts.group->fields().empty()) ||
                          (parts.detail_type && !parts.detail_type->fields().empty());
  if (has_fields) ask_for_documents(settings, parts.subscriptions);
  parts.plan.service = section.service;
  parts.plan.format = format == "canonical" ? PayloadFormat::canonical_json : PayloadFormat::relaxed_json;
  parts.plan.target = parts.target.text();
  parts.plan.message_id = parts.message_id.text();
  parts.plan.targets = known_targets(parts.target, parts.subscriptions, database);

  std::string& text = parts.fingerprint;
  text = std::string("publish ") + target_name(section.service) + " " + parts.target.text() + " " +
         (parts.group ? parts.group->text() : "by id") + " " +
         (parts.detail_type ? parts.detail_type->text() + " " : "") + parts.message_id.text() + " " + format +
         " " + payload;
  for (const Subscription& one : parts.subscriptions) text += " " + one.collection;
  if (by_group) text += " in order";
  if (!own_headers) text += " without headers";
  return std::make_unique<AwsRule>(rule.name, std::move(parts));
}

}  // namespace sluice::rules
