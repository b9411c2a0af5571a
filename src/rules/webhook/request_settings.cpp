#include "rules/webhook/request_settings.hpp"

#include <algorithm>
#include <array>

#include "config/addresses/url_origin.hpp"
#include "rules/shared/format.hpp"
#include "text/url.hpp"

namespace sluice::rules {

namespace {

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7F;
}

std::string read_method(const Settings& settings, std::string_view key, const std::string& otherwise) {
  return settings.choice(key, {"POST", "PUT", "PATCH", "DELETE", "GET"}, otherwise);
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

TextTemplate::Escape escape_for(std::string_view content_type) {
  if (content_type.find("json") != std::string_view::npos) return TextTemplate::Escape::json;
  if (content_type.starts_with("application/x-www-form-urlencoded")) return TextTemplate::Escape::form;
  return TextTemplate::Escape::none;
}

}  // namespace

std::string_view RequestMethods::of(Operation operation) const {
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

void check_header_line(const Settings& settings, std::string_view key, const std::string& text) {
  if (std::ranges::any_of(text, is_control)) settings.fail(key, "a header must be a single line of text");
}

std::string read_webhook_origin(const Settings& settings, std::string& rest) {
  const std::string url = settings.text("url");
  const auto end = url.find_first_of("/?", text::behind_scheme(url));
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

RequestMethods read_request_methods(const Settings& settings) {
  const std::string all = read_method(settings, "method", "POST");
  RequestMethods methods{all, all, all, all, all, all, all};
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

std::vector<RequestHeader> read_request_headers(const Settings& settings, const RequestNames& names) {
  std::vector<RequestHeader> all;
  if (!settings.has("headers")) return all;
  const Settings headers = settings.section("headers");
  for (const std::string& name : headers.keys()) {
    check_header_name(headers, name);
    const std::string value = headers.scalar(name);
    check_header_line(headers, name, value);
    all.push_back({name, TextTemplate::of(headers, name, value, names, TextTemplate::Escape::line)});
  }
  return all;
}

RequestBody read_request_body(const Settings& settings, const RequestNames& names, PayloadFormat& format) {
  const std::string written = read_format(settings, {"relaxed", "canonical", "cloudevents"});
  const std::string payload = settings.choice("payload", {"event", "document", "none"}, "event");
  const bool templated = settings.has("body");
  RequestBody body;
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
  check_header_line(settings, "content_type", body.content_type);
  format = written == "canonical" ? PayloadFormat::canonical_json : PayloadFormat::relaxed_json;
  if (templated) {
    body.text.emplace(settings, "body", "", names, escape_for(body.content_type));
  } else if (!none && !body.made) {
    body.payload = payload == "document" ? Payload::document : Payload::event;
  }
  return body;
}

}  // namespace sluice::rules
