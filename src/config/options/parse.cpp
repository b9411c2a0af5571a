#include "config/options/parse.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/addresses/amqp_url.hpp"
#include "config/addresses/redis_url.hpp"
#include "config/addresses/server_lists.hpp"
#include "config/addresses/url_origin.hpp"
#include "config/mask.hpp"
#include "config/names.hpp"
#include "config/options/options.hpp"
#include "text/port.hpp"

namespace sluice::config {
namespace {

/// A file's place does not say which key it is; a flag and a variable name themselves.
std::string subject_of(const Option& option, const Origin& origin) {
  return origin.kind == Origin::Kind::file ? fmt::format("'{}' ", option.path) : "";
}

[[noreturn]] void refuse(const Option& option, const std::string& text, const Origin& origin,
                         const std::string& allowed, const std::string& why = "") {
  const std::string subject = subject_of(option, origin);
  const std::string shown = shown_value(option, text);
  origin.fail(
      fmt::format("{}must be {}, not '{}'{}{}", subject, allowed, shown, why.empty() ? "" : ": ", why));
}

[[noreturn]] void refuse_empty(const Option& option, const Origin& origin) {
  const std::string instead =
      option.fallback.empty() ? "instead" : fmt::format("for the default, {}", option.fallback);
  origin.fail(fmt::format("{}must not be empty; leave it out {}", subject_of(option, origin), instead));
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

OptionValue parse_address(const Option& option, const std::string& text, const Origin& origin,
                          std::string (*why_not)(std::string_view)) {
  const std::string why = why_not(text);
  if (!why.empty()) refuse(option, text, origin, allowed_text(option), why);
  return {text, 0};
}

OptionValue parse_mongodb_uri(const Option& option, const std::string& text, const Origin& origin) {
  if (!is_mongodb_uri(text)) refuse(option, text, origin, allowed_text(option));
  const std::string why = sluice::text::why_no_ports(text);
  if (!why.empty()) refuse(option, text, origin, "mongodb://user:password@host:port/?replicaSet=name", why);
  return {text, 0};
}

}  // namespace

OptionValue parse_value(const Option& option, const std::string& text, const Origin& origin) {
  switch (option.type) {
    case OptionType::whole:
      return parse_whole(option, text, origin);
    case OptionType::choice:
      return parse_choice(option, text, origin);
    case OptionType::uri:
      return parse_mongodb_uri(option, text, origin);
    case OptionType::nats_urls:
      return parse_address(option, text, origin, why_no_nats_urls);
    case OptionType::kafka_brokers:
      return parse_address(option, text, origin, why_no_kafka_brokers);
    case OptionType::redis_url:
      return parse_address(option, text, origin, why_no_redis_url);
    case OptionType::amqp_url:
      return parse_address(option, text, origin, why_no_amqp_url);
    case OptionType::web_url:
      return parse_address(option, text, origin, why_no_web_url);
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
      if (text.empty()) refuse_empty(option, origin);
      return {text, 0};
    case OptionType::flag:
      return {text, text == "true" ? 1 : 0};
  }
  return {text, 0};
}

std::string shown_value(const Option& option, const std::string& text) {
  switch (option.type) {
    case OptionType::secret:
      return text.empty() ? "" : "***";
    case OptionType::redis_url:
    case OptionType::amqp_url:
    case OptionType::web_url:
      return mask_uri(text);
    case OptionType::uri:
    case OptionType::nats_urls:
      return mask_uris(text);
    case OptionType::kafka_brokers:
      return text.find('@') == std::string::npos ? text : mask_uris(text);
    default:
      return text;
  }
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
    case OptionType::web_url:
      return "http://host:port or https://host:port, where only the host is required";
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
