#include "config/addresses/server_lists.hpp"

#include <optional>

#include "text/port.hpp"

namespace sluice::config {

namespace {

/// Removes the first item of a comma-separated list, and returns it. `more` is set to whether a comma
/// followed.
std::string_view take_item(std::string_view& list, bool& more) {
  const auto comma = list.find(',');
  std::string_view one = list.substr(0, comma);
  while (one.starts_with(' ')) one.remove_prefix(1);
  more = comma != std::string_view::npos;
  if (more) list.remove_prefix(comma + 1);
  return one;
}

bool begins_with_host_behind(std::string_view url, std::string_view scheme) {
  return url.starts_with(scheme) && url.size() > scheme.size();
}

std::string why_no_broker(std::string_view broker) {
  if (broker.find('@') != std::string_view::npos)
    return "a broker has no user or password; set kafka.user and kafka.password";
  const std::string shown(broker);
  if (broker.find_first_of("/ ") != std::string_view::npos) return "'" + shown + "' is not host:port";
  std::optional<std::uint16_t> port;
  if (std::string why = text::take_port(broker, port, true); !why.empty()) return why;
  if (broker.empty()) return shown.empty() ? "one of them is empty" : "'" + shown + "' has no host";
  return port ? "" : "'" + shown + "' has no port";
}

/// All up to the last '@' is user and password or a token, in which libnats takes any character.
std::string why_no_nats_port(std::string_view url) {
  const auto at = url.rfind('@');
  return text::why_no_ports(at == std::string_view::npos ? std::string(url)
                                                         : "nats://user" + std::string(url.substr(at)));
}

}  // namespace

std::string why_no_nats_urls(std::string_view urls) {
  for (bool more = true; more;) {
    const std::string_view one = take_item(urls, more);
    if (!begins_with_host_behind(one, "nats://") && !begins_with_host_behind(one, "tls://"))
      return "each server must begin with nats:// or tls://, followed by its host";
    if (std::string why = why_no_nats_port(one); !why.empty()) return why;
  }
  return "";
}

std::string why_no_kafka_brokers(std::string_view brokers) {
  for (bool more = true; more;) {
    if (std::string why = why_no_broker(take_item(brokers, more)); !why.empty()) return why;
  }
  return "";
}

bool is_mongodb_uri(std::string_view uri) {
  return begins_with_host_behind(uri, "mongodb://") || begins_with_host_behind(uri, "mongodb+srv://");
}

}  // namespace sluice::config
