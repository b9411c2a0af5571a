#include "config/options/parse.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/addresses/amqp_url.hpp"
#include "config/addresses/redis_url.hpp"
#include "config/mask.hpp"
#include "config/names.hpp"
#include "config/options/options.hpp"

namespace sluice::config {
namespace {

[[noreturn]] void refuse(const Option& option, const std::string& text, const Origin& origin,
                         const std::string& allowed, const std::string& why = "") {
  // A file's place does not say which key it is; a flag and a variable name themselves.
  const std::string subject = origin.kind == Origin::Kind::file ? fmt::format("'{}' ", option.path) : "";
  const std::string shown = shown_value(option, text);
  origin.fail(
      fmt::format("{}must be {}, not '{}'{}{}", subject, allowed, shown, why.empty() ? "" : ": ", why));
}

OptionValue parse_whole(const Option& option, const std::string& text, const Origin& origin) {
  const auto number = whole_number(text);
  if (!number || *number < option.least || *number > option.most) {
    refuse(option, text, origin, allowed_text(option));
  }
  return {text, *number};
}

OptionValue parse_choice(const Option& option, const std::string& text, const Origin& origin) {
  const auto found = std::find(option.choices.begin(), option.choices.end(), text);
  if (found == option.choices.end()) refuse(option, text, origin, allowed_text(option));
  return {text, found - option.choices.begin()};
}

/// A list of servers, each `nats://` or `tls://` and a host.
bool is_nats_urls(std::string_view text) {
  while (true) {
    const auto comma = text.find(',');
    std::string_view one = text.substr(0, comma);
    while (one.starts_with(' ')) one.remove_prefix(1);
    const bool known =
        (one.starts_with("nats://") && one.size() > 7) || (one.starts_with("tls://") && one.size() > 6);
    if (!known) return false;
    if (comma == std::string_view::npos) return true;
    text.remove_prefix(comma + 1);
  }
}

/// A list of brokers, each `host:port`, or `[address]:port` for IPv6.
bool is_kafka_brokers(std::string_view text) {
  while (true) {
    const auto comma = text.find(',');
    std::string_view one = text.substr(0, comma);
    while (one.starts_with(' ')) one.remove_prefix(1);
    const auto colon = one.rfind(':');
    if (colon == std::string_view::npos || colon == 0 || one.find_first_of("/@ ") != std::string_view::npos)
      return false;
    const auto port = whole_number(std::string(one.substr(colon + 1)));
    if (!port || *port < 1 || *port > 65'535) return false;
    if (comma == std::string_view::npos) return true;
    text.remove_prefix(comma + 1);
  }
}

bool is_mongodb_uri(std::string_view text) {
  for (const std::string_view scheme : {"mongodb://", "mongodb+srv://"}) {
    if (text.starts_with(scheme)) return text.size() > scheme.size();
  }
  return false;
}

}  // namespace

OptionValue parse_value(const Option& option, const std::string& text, const Origin& origin) {
  switch (option.type) {
    case OptionType::whole:
      return parse_whole(option, text, origin);
    case OptionType::choice:
      return parse_choice(option, text, origin);
    case OptionType::uri:
      if (!is_mongodb_uri(text)) refuse(option, text, origin, allowed_text(option));
      return {text, 0};
    case OptionType::nats_urls:
      if (!is_nats_urls(text)) refuse(option, text, origin, allowed_text(option));
      return {text, 0};
    case OptionType::kafka_brokers:
      if (!is_kafka_brokers(text)) refuse(option, text, origin, allowed_text(option));
      return {text, 0};
    case OptionType::redis_url:
      if (const std::string why = why_no_redis_url(text); !why.empty()) {
        refuse(option, text, origin, allowed_text(option), why);
      }
      return {text, 0};
    case OptionType::amqp_url:
      if (const std::string why = why_no_amqp_url(text); !why.empty()) {
        refuse(option, text, origin, allowed_text(option), why);
      }
      return {text, 0};
    case OptionType::database:
      if (const std::string why = why_no_database(text); !why.empty()) {
        refuse(option, text, origin, "a database name (" + why + ")");
      }
      return {text, 0};
    case OptionType::file:
      // If somebody mixed up the two options, the message must not reveal the secret.
      if (is_mongodb_uri(text)) {
        const bool the_uris = option.name == "mongodb-uri-file";
        refuse(option, mask_uri(text), origin,
               the_uris ? "the path of a file that holds the URI" : "the path of a file");
      }
      [[fallthrough]];
    case OptionType::secret:
    case OptionType::text:
      if (text.empty()) refuse(option, text, origin, allowed_text(option));
      return {text, 0};
    case OptionType::flag:
      return {text, text == "true" ? 1 : 0};
  }
  return {text, 0};
}

std::string shown_value(const Option& option, const std::string& text) {
  if (option.type == OptionType::secret) return text.empty() ? "" : "***";
  if (option.type == OptionType::redis_url || option.type == OptionType::amqp_url) return mask_uri(text);
  return option.type == OptionType::uri || option.type == OptionType::nats_urls ? mask_uris(text) : text;
}

std::string allowed_text(const Option& option) {
  switch (option.type) {
    case OptionType::whole:
      return fmt::format("a whole number from {} to {}", option.least, option.most);
    case OptionType::choice:
      return join_or({option.choices.begin(), option.choices.end()});
    case OptionType::uri:
      return "a connection string that starts with mongodb:// or mongodb+srv://";
    case OptionType::nats_urls:
      return "one or more of nats://host:port or tls://host:port, separated by commas";
    case OptionType::kafka_brokers:
      return "one or more of host:port, separated by commas";
    case OptionType::redis_url:
      return "redis://user:password@host:port/database, where only the host is required";
    case OptionType::amqp_url:
      return "amqp://user:password@host:port,host:port/vhost or amqps://..., where only one host is required";
    case OptionType::secret:
      return "a secret";
    case OptionType::file:
      return "the path of a file";
    case OptionType::database:
      return "a database name";
    case OptionType::text:
      return "a text";
    case OptionType::flag:
      return "no value";
  }
  return {};
}

}  // namespace sluice::config
