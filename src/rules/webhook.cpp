#include "bson/json_writer.hpp"
#include "core/webhook_plan.hpp"
#include "rules/registry.hpp"
#include "rules/shared/collection_names.hpp"
#include "rules/shared/event_message.hpp"
#include "rules/shared/made.hpp"
#include "rules/shared/selection.hpp"
#include "rules/shared/text_template.hpp"
#include "rules/webhook/request_settings.hpp"
#include "rules/webhook/service_settings.hpp"

namespace sluice::rules {

namespace {

constexpr std::int32_t address_code = 4;
constexpr const char* no_address =
    "a name in the request's URL has no value, an empty one, or one that changes the path ('.', '..'); check "
    "the rule's 'url'";
constexpr const char* long_address =
    "the request's URL or its idempotency key would be longer than 2 KiB: shorten the rule's 'url', or the "
    "ids or fields it is made of";
constexpr std::size_t most_header_bytes = 32u << 10;
constexpr const char* long_headers =
    "the request's headers would be longer than 32 KiB, which services reject; check what the rule's "
    "'headers' take from the document";
constexpr std::size_t room_for_event_headers = 320;
constexpr std::int32_t body_code = 2;  ///< the server's BadValue
constexpr const char* no_body = "the rule's 'values' produce no document for this event";

/// Sends a request for each change. The order is that of each document's changes, or of the changes with the
/// same value of `order_by`.
class WebhookRule final : public Rule {
 public:
  struct Parts {
    WebhookPlan plan;
    std::vector<Subscription> subscriptions;
    TextTemplate path;
    RequestMethods methods;
    TextTemplate key;
    std::vector<RequestHeader> headers;
    RequestBody body;
    Made made;
    bool ordered = false;          ///< the settings have order_by
    bool order_is_shared = false;  ///< different documents can have the same value of order_by
    bool snapshot = false;
    std::string fingerprint;
  };

  WebhookRule(std::string name, Parts parts) : Rule(std::move(name)), parts_(std::move(parts)) {}

  std::vector<Subscription> subscriptions() const override { return parts_.subscriptions; }
  std::vector<const DeliveryPlan*> deliveries() const override { return {&parts_.plan}; }
  // The server computes values only for changes.
  bool has_snapshots() const override { return !parts_.body.made; }
  bool begins_with_snapshot() const override { return parts_.snapshot; }
  bool keeps_state() const override { return false; }
  const char* orders_across_documents_by() const override {
    return parts_.order_is_shared ? "order_by" : nullptr;
  }
  std::string fingerprint() const override { return parts_.fingerprint; }

  void apply(const ChangeEvent& event, Effects& effects) const override {
    // A URL with {coll} was called for the drop of each of the database's collections already.
    const bool of_database = event.operation == Operation::drop_database;
    if (of_database && parts_.path.tells_of_the_collection()) return;
    const std::uint64_t key = order_key(event, effects.arena());
    InlineText path;
    parts_.path.append_to(path, event);
    InlineText id;
    append_message_id(id, parts_.key, event);
    if (!path.fits() || !id.fits()) {
      effects.add(Reject{address_code, path.spoilt() ? no_address : long_address}, key);
      return;
    }
    Arena& arena = effects.arena();
    Message message;
    message.verb = parts_.methods.of(event.operation);
    message.address = arena.keep(path.view());
    message.id = arena.keep(id.view());
    LongText own;
    append_own_headers(own, event);
    message.headers = headers(event, message.id, own.view(), arena);
    if (message.headers.size() > most_header_bytes) {
      effects.add(Reject{address_code, long_headers}, key);
      return;
    }
    if (parts_.plan.together > 1) message.group = group(event, path.view(), own.view(), arena);
    const RequestBody& body = parts_.body;
    if (body.payload) message.payload = payload_of(event, *body.payload, arena);
    if (body.envelope) message.envelope = cloud_envelope(event, message.id, arena);
    if (body.text) {
      LongText text;
      body.text->append_to(text, event);
      message.text = arena.keep(text.view());
    }
    if (body.made) {
      const bson::View values = parts_.made.value(event, "values", arena).document();
      std::string json;
      const auto failure =
          values ? bson::append_json(json, values, bson::JsonStyle::relaxed) : bson::JsonFailure::none;
      if (!values || failure != bson::JsonFailure::none) {
        effects.add(Reject{body_code, values ? bson::reason_of(failure) : no_body}, key);
        return;
      }
      message.text = arena.keep(std::string_view(json));
    }
    effects.add(Deliver{&parts_.plan, arena.keep(message)}, key);
  }

 private:
  /// Messages of one group may share a request: they have the operation, the collection, the path and the
  /// rule's own headers in common.
  static std::string_view group(const ChangeEvent& event, std::string_view path, std::string_view own_headers,
                                Arena& arena) {
    LongText text;
    text.append(name_of(event.operation));
    text.append(' ');
    text.append(event.collection);
    text.append(' ');
    text.append(path);
    text.append(own_headers);
    return arena.keep(text.view());
  }

  void append_own_headers(LongText& text, const ChangeEvent& event) const {
    for (const RequestHeader& header : parts_.headers) {
      text.append('\n');
      text.append(header.name);
      text.append(": ");
      header.value.append_to(text, event);
    }
  }

  std::uint64_t order_key(const ChangeEvent& event, Arena& arena) const {
    const bson::Value stated = parts_.ordered ? parts_.made.value(event, "order", arena) : bson::Value{};
    // Changes with the same value of order_by keep one order, even across collections.
    if (stated && !stated.is_null()) return bson::Identity(stated).hash(bson::stable_hash("order", 0));
    return bson::Identity(event.id).hash(bson::stable_hash(event.collection, 0));
  }

  std::string_view headers(const ChangeEvent& event, std::string_view id, std::string_view own,
                           Arena& arena) const {
    LongText text;
    text.reserve(id.size() + own.size() + room_for_event_headers);
    text.append("Idempotency-Key: ");
    text.append(id);
    text.append('\n');
    append_event_headers(text, event);
    if (!parts_.body.content_type.empty()) {
      text.append("\nContent-Type: ");
      text.append(parts_.body.content_type);
    }
    text.append(own);
    return arena.keep(text.view());
  }

  Parts parts_;
};

/// Refuses a URL or values that need a document, if the rule also reads drops or renames, which have none.
void check_collections_told(const Settings& settings, const std::vector<Subscription>& subscriptions,
                            const TextTemplate& path, const RequestBody& body) {
  if (std::ranges::none_of(subscriptions, [](const auto& one) { return one.drops || one.renames; })) return;
  const char* key = path.tells_of_the_document() ? "url" : body.made ? "values" : nullptr;
  if (key == nullptr) return;
  settings.fail(key, "'" + std::string(key) +
                         "' needs a document, which drop and rename in 'operations' do not have; use a "
                         "separate rule without it for those operations");
}

}  // namespace

std::unique_ptr<Rule> make_webhook(const RuleConfig& rule, const std::string& database) {
  const Settings& settings = rule.settings;
  const RequestNames names = {{"rule", rule.name}};
  WebhookPlan plan;
  std::string rest;
  const std::string origin = read_webhook_origin(settings, rest);
  plan.service = read_webhook_service(settings, origin);
  read_webhook_retry(settings, plan);
  read_webhook_secret(settings, plan);
  TextTemplate path(settings, "url", TextTemplate::Stated{rest}, names, TextTemplate::Escape::url);
  TextTemplate key(settings, "idempotency_key", "{rule}-{token}", names, TextTemplate::Escape::line);
  check_header_line(settings, "idempotency_key", key.text());
  RequestMethods methods = read_request_methods(settings);
  std::vector<RequestHeader> headers = read_request_headers(settings, names);
  RequestBody body = read_request_body(settings, names, plan.format);
  read_webhook_batch(settings, body, plan);
  const bool snapshot = settings.choice("snapshot", {"none", "first"}, "none") == "first";
  if (snapshot && body.made) {
    settings.fail("snapshot",
                  "'values' need a change, which a snapshot does not have; use a 'body' or a 'payload', or "
                  "remove 'snapshot'");
  }
  std::vector<Subscription> subscriptions =
      read_selections(settings, read_from(rule, database), Tells::of_collections);
  check_collections_told(settings, subscriptions, path, body);
  Made made(rule.name);
  const bool ordered = settings.has("order_by");
  if (ordered) {
    made.add(settings, "order_by", "order");
    check_order(settings, made, subscriptions);
  }
  if (body.made) made.add(settings, "values", "values");
  made.ask_for(settings, subscriptions);
  std::string text = "webhook " + origin + path.text() + " " + key.text();
  for (const Subscription& one : subscriptions) text += " " + one.collection;
  return std::make_unique<WebhookRule>(
      rule.name,
      WebhookRule::Parts{std::move(plan), std::move(subscriptions), std::move(path), std::move(methods),
                         std::move(key), std::move(headers), std::move(body), std::move(made), ordered,
                         is_shared(settings, "order_by"), snapshot, std::move(text)});
}

}  // namespace sluice::rules
