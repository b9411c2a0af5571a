#include <algorithm>
#include <array>
#include <charconv>

#include "bson/json_writer.hpp"
#include "config/addresses/url_origin.hpp"
#include "config/names.hpp"
#include "core/webhook_plan.hpp"
#include "rules/registry.hpp"
#include "rules/shared/collection_names.hpp"
#include "rules/shared/event_message.hpp"
#include "rules/shared/format.hpp"
#include "rules/shared/made.hpp"
#include "rules/shared/selection.hpp"
#include "rules/shared/text_template.hpp"

namespace sluice::rules {

namespace {

using Names = std::vector<std::pair<std::string, std::string>>;

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
constexpr std::int32_t body_code = 2;  ///< the server's BadValue
constexpr const char* no_body = "the rule's 'values' produce no document for this event";

/// The method for each operation, as the rule states them.
struct Methods {
  std::string insert;
  std::string update;
  std::string replace;
  std::string remove;
  std::string snapshot;
  std::string drop;
  std::string rename;

  std::string_view of(Operation operation) const {
    switch (operation) {
      case Operation::update:
        return update;
      case Operation::replace:
        return replace;
      case Operation::remove:
        return remove;
      case Operation::snapshot:
        return snapshot;
      case Operation::drop:
      case Operation::drop_database:
        return drop;
      case Operation::rename:
        return rename;
      default:
        return insert;
    }
  }
};

struct Header {
  std::string name;
  TextTemplate value;
};

/// The request's body: a document, a text, what is made of values, or nothing.
struct Body {
  std::optional<Payload> payload;
  std::optional<TextTemplate> text;
  bool made = false;
  bool envelope = false;
  std::string content_type;
};

/// Makes a request of each change, in the order of each document's changes, or of all that have one value in
/// common.
class WebhookRule final : public Rule {
 public:
  struct Parts {
    WebhookPlan plan;
    std::vector<Subscription> subscriptions;
    TextTemplate path;
    Methods methods;
    TextTemplate key;
    std::vector<Header> headers;
    Body body;
    Made made;
    bool ordered = false;          ///< the settings state what the order is kept of
    bool order_is_shared = false;  ///< which more than one document can have
    bool snapshot = false;
    std::string fingerprint;
  };

  WebhookRule(std::string name, Parts parts) : Rule(std::move(name)), parts_(std::move(parts)) {}

  std::vector<Subscription> subscriptions() const override { return parts_.subscriptions; }
  std::vector<const DeliveryPlan*> deliveries() const override { return {&parts_.plan}; }
  // The server makes values of changes alone.
  bool has_snapshots() const override { return !parts_.body.made; }
  bool begins_with_snapshot() const override { return parts_.snapshot; }
  bool keeps_state() const override { return false; }
  const char* orders_across_documents_by() const override {
    return parts_.order_is_shared ? "order_by" : nullptr;
  }
  std::string fingerprint() const override { return parts_.fingerprint; }

  void apply(const ChangeEvent& event, Effects& effects) const override {
    // The drops of its collections have told of it.
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
    const Body& body = parts_.body;
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
  /// What may be told in one request: of one operation and collection, and to one place with one head.
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
    for (const Header& header : parts_.headers) {
      text.append('\n');
      text.append(header.name);
      text.append(": ");
      header.value.append_to(text, event);
    }
  }

  std::uint64_t order_key(const ChangeEvent& event, Arena& arena) const {
    const bson::Value stated = parts_.ordered ? parts_.made.value(event, "order", arena) : bson::Value{};
    // What is stated is one order, whichever collections it is about.
    if (stated && !stated.is_null()) return bson::Identity(stated).hash(bson::stable_hash("order", 0));
    return bson::Identity(event.id).hash(bson::stable_hash(event.collection, 0));
  }

  std::string_view headers(const ChangeEvent& event, std::string_view id, std::string_view own,
                           Arena& arena) const {
    LongText text;
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

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7F;
}

void check_line(const Settings& settings, std::string_view key, const std::string& text) {
  if (std::ranges::any_of(text, is_control)) settings.fail(key, "a header must be a single line of text");
}

/// `rest` is what stands behind the origin: a template.
std::string read_origin(const Settings& settings, std::string& rest) {
  const std::string url = settings.text("url");
  const auto scheme = url.find("://");
  const auto end = url.find_first_of("/?", scheme == std::string::npos ? 0 : scheme + 3);
  if (url.find('{') < std::min(end, url.size())) {
    settings.fail("url", "'" + url +
                             "': scheme, host and port must be the same for all events; only path and query "
                             "may contain names in braces");
  }
  std::string_view behind;
  config::UrlOrigin origin;
  try {
    origin = config::parse_origin(url, behind);
  } catch (const ConfigError& error) {
    settings.fail("url", error.what());
  }
  rest = behind.starts_with('/') ? std::string(behind) : "/" + std::string(behind);
  const auto impossible = [](char c) { return is_control(c) || c == ' ' || c == '#' || c == '\\'; };
  if (std::ranges::any_of(rest, impossible)) {
    settings.fail("url", "'" + url +
                             "' contains a space, a # or another character that is not allowed in a URL; "
                             "write it as % and two hexadecimal digits");
  }
  return origin.text();
}

std::string read_method(const Settings& settings, std::string_view key, const std::string& otherwise) {
  return settings.choice(key, {"POST", "PUT", "PATCH", "DELETE", "GET"}, otherwise);
}

Methods read_methods(const Settings& settings) {
  const std::string all = read_method(settings, "method", "POST");
  Methods methods{all, all, all, all, all, all, all};
  if (!settings.has("methods")) return methods;
  const Settings stated = settings.section("methods");
  methods.insert = read_method(stated, "insert", all);
  methods.update = read_method(stated, "update", all);
  methods.replace = read_method(stated, "replace", all);
  methods.remove = read_method(stated, "delete", all);
  methods.snapshot = read_method(stated, "snapshot", methods.insert);
  methods.drop = read_method(stated, "drop", all);
  methods.rename = read_method(stated, "rename", all);
  stated.done();
  return methods;
}

bool same_but_for_case(std::string_view one, std::string_view other) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  return std::ranges::equal(one, other, {}, lower, lower);
}

void check_header_name(const Settings& headers, const std::string& name) {
  constexpr std::string_view beside_letters = "!#$%&'*+-.^_`|~";
  const auto possible = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           beside_letters.find(c) != std::string_view::npos;
  };
  if (name.empty() || !std::ranges::all_of(name, possible)) {
    headers.fail(name, "'" + name + "' cannot be the name of a header");
  }
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9> ours{{
      {"content-type", "state 'content_type' instead"},
      {"idempotency-key", "state 'idempotency_key' instead"},
      {"sluice-signature", "set 'secret', 'secret_file' or 'secret_env' instead"},
      {"host", "it follows from 'url'"},
      {"content-length", "it follows from the body"},
      {"transfer-encoding", "it follows from the body"},
      {"connection", "connections are kept open"},
      {"expect", "bodies are sent at once"},
      {"user-agent", "it names the sending program"},
  }};
  for (const auto& [taken, why] : ours) {
    if (same_but_for_case(name, taken)) {
      headers.fail(name, "the header '" + name + "' cannot be set by a rule: " + std::string(why));
    }
  }
}

std::vector<Header> read_headers(const Settings& settings, const Names& names) {
  std::vector<Header> all;
  if (!settings.has("headers")) return all;
  const Settings headers = settings.section("headers");
  for (const std::string& name : headers.keys()) {
    check_header_name(headers, name);
    const std::string value = headers.scalar(name);
    check_line(headers, name, value);
    all.push_back({name, TextTemplate::of(headers, name, value, names, TextTemplate::Escape::line)});
  }
  return all;
}

TextTemplate::Escape escape_for(std::string_view content_type) {
  if (content_type.find("json") != std::string_view::npos) return TextTemplate::Escape::json;
  if (content_type.starts_with("application/x-www-form-urlencoded")) return TextTemplate::Escape::form;
  return TextTemplate::Escape::none;
}

Body read_body(const Settings& settings, const Names& names, PayloadFormat& format) {
  const std::string written = read_format(settings, {"relaxed", "canonical", "cloudevents"});
  const std::string payload = settings.choice("payload", {"event", "document", "none"}, "event");
  const bool templated = settings.has("body");
  Body body;
  body.made = settings.has("values");
  if (templated && body.made)
    settings.fail("values", "'body' and 'values' both set the whole body; remove one of them");
  const bool stated = templated || body.made;
  if (stated && (settings.has("payload") || settings.has("format"))) {
    const std::string key = templated ? "body" : "values";
    settings.fail(key, "'" + key + "' sets the whole body; remove 'payload' and 'format', or '" + key + "'");
  }
  const bool none = !stated && payload == "none";
  if (none && settings.has("format")) settings.fail("format", "a request without a body has no 'format'");
  body.envelope = written == "cloudevents";
  body.content_type = settings.text_or("content_type", none            ? ""
                                                       : body.envelope ? "application/cloudevents+json"
                                                                       : "application/json");
  check_line(settings, "content_type", body.content_type);
  format = written == "canonical" ? PayloadFormat::canonical_json : PayloadFormat::relaxed_json;
  if (templated) {
    body.text.emplace(settings, "body", "", names, escape_for(body.content_type));
  } else if (!none && !body.made) {
    body.payload = payload == "document" ? Payload::document : Payload::event;
  }
  return body;
}

void read_breaker(const Settings& settings, WebhookPlan::Service& service) {
  if (!settings.has("breaker")) return;
  const Settings breaker = settings.section("breaker");
  service.breaker_failures = static_cast<int>(breaker.integer_or("failures", 5, 1, 1'000'000));
  service.breaker_open_ms = breaker.integer_or("open_ms", 1'000, 1, 3'600'000);
  service.breaker_most_open_ms =
      breaker.integer_or("most_open_ms", std::max<long long>(30'000, service.breaker_open_ms), 1, 3'600'000);
  breaker.done();
  if (service.breaker_most_open_ms < service.breaker_open_ms) {
    breaker.fail("most_open_ms", "'most_open_ms' cannot be less than 'open_ms'");
  }
}

WebhookPlan::Service read_service(const Settings& settings, std::string origin) {
  WebhookPlan::Service service;
  service.origin = std::move(origin);
  service.concurrency = static_cast<int>(settings.integer_or("concurrency", 16, 1, 1'024));
  service.timeout_ms = settings.integer_or("timeout_ms", 10'000, 1, 600'000);
  service.connect_timeout_ms = settings.integer_or("connect_timeout_ms", 5'000, 1, 600'000);
  const bool tls = service.origin.starts_with("https://");
  for (const auto& [key, file] : {std::pair{"ca_file", &service.ca_file},
                                  {"cert_file", &service.cert_file},
                                  {"key_file", &service.key_file}}) {
    if (!settings.has(key)) continue;
    *file = settings.text(key);
    if (!tls) settings.fail(key, std::string("'") + key + "' is for TLS, but 'url' begins with http://");
  }
  if (!service.key_file.empty() && service.cert_file.empty()) {
    settings.fail("key_file", "'key_file' belongs to a certificate; set 'cert_file' too");
  }
  read_breaker(settings, service);
  return service;
}

std::optional<int> read_attempts(const Settings& retry, std::string_view key) {
  constexpr long long most = 1'000'000;
  if (!retry.has(key)) return std::nullopt;
  const std::string wanted = "forever or a whole number from 1 to " + std::to_string(most);
  const std::string stated = retry.scalar(key, wanted);
  if (stated == "forever") return std::nullopt;
  const auto number = config::whole_number(stated);
  if (!number || *number < 1 || *number > most) {
    retry.fail(key, "'" + std::string(key) + "' must be " + wanted + ", not '" + stated + "'");
  }
  return static_cast<int>(*number);
}

void read_statuses(const Settings& retry, WebhookPlan& plan) {
  if (!retry.has("status")) return;
  const Settings statuses = retry.section("status");
  for (const std::string& key : statuses.keys()) {
    unsigned status = 0;
    const auto read = std::from_chars(key.data(), key.data() + key.size(), status);
    const bool number = read.ec == std::errc{} && read.ptr == key.data() + key.size();
    if (!number || status < 200 || status > 599) {
      statuses.fail(key, "'" + key + "' is not the status of an answer (200 to 599)");
    }
    const std::string verdict = statuses.choice(key, {"done", "retry", "dead"}, "retry");
    plan.statuses[status] = verdict == "done"    ? WebhookPlan::Verdict::done
                            : verdict == "retry" ? WebhookPlan::Verdict::retry
                                                 : WebhookPlan::Verdict::dead;
  }
}

void read_retry(const Settings& settings, WebhookPlan& plan) {
  if (!settings.has("retry")) return;
  const Settings retry = settings.section("retry");
  plan.attempts.network = read_attempts(retry, "network");
  plan.attempts.timeout = read_attempts(retry, "timeout");
  plan.attempts.status_5xx = read_attempts(retry, "status_5xx");
  plan.attempts.throttled = read_attempts(retry, "throttled");
  read_statuses(retry, plan);
  retry.done();
}

/// `batch: {size: N}`; how long it is waited for more is the rule's `linger_ms`.
void read_batch(const Settings& settings, const Body& body, WebhookPlan& plan) {
  if (!settings.has("batch")) return;
  const Settings batch = settings.section("batch");
  plan.together = static_cast<int>(batch.integer_or("size", 100, 1, 10'000));
  batch.done();
  const bool json = body.content_type.find("json") != std::string::npos;
  if (!json || (!body.payload && !body.text && !body.made)) {
    settings.fail("batch",
                  "a batch is a JSON list of the requests' bodies, but the bodies of this rule are not JSON");
  }
}

void read_secret(const Settings& settings, WebhookPlan& plan) {
  int stated = 0;
  for (const auto& [key, value] : {std::pair{"secret", &plan.secret},
                                   {"secret_file", &plan.secret_file},
                                   {"secret_env", &plan.secret_env}}) {
    if (!settings.has(key)) continue;
    *value = value == &plan.secret ? settings.scalar(key) : settings.text(key);
    if (value->empty()) settings.fail(key, std::string("'") + key + "' is empty");
    if (++stated > 1) settings.fail(key, "set only one of 'secret', 'secret_file' and 'secret_env'");
  }
}

/// A request about a whole collection has no document to take values from.
void check_collections_told(const Settings& settings, const std::vector<Subscription>& subscriptions,
                            const TextTemplate& path, const Body& body) {
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
  const Names names = {{"rule", rule.name}};
  WebhookPlan plan;
  std::string rest;
  const std::string origin = read_origin(settings, rest);
  plan.service = read_service(settings, origin);
  read_retry(settings, plan);
  read_secret(settings, plan);
  TextTemplate path(settings, "url", TextTemplate::Stated{rest}, names, TextTemplate::Escape::url);
  TextTemplate key(settings, "idempotency_key", "{rule}-{token}", names, TextTemplate::Escape::line);
  check_line(settings, "idempotency_key", key.text());
  Methods methods = read_methods(settings);
  std::vector<Header> headers = read_headers(settings, names);
  Body body = read_body(settings, names, plan.format);
  read_batch(settings, body, plan);
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
