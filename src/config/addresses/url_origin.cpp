#include "config/addresses/url_origin.hpp"

#include <algorithm>

#include "sluice/settings.hpp"
#include "text/url.hpp"

namespace sluice::config {

namespace {

std::string_view own_port(bool tls) {
  return tls ? "443" : "80";
}

bool stands_in_a_host(char c) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return letter || c == '-' || c == '.' || c == '_';
}

bool stands_in_an_address(char c) {
  return stands_in_a_host(c) || c == ':';
}

}  // namespace

std::string UrlOrigin::authority() const {
  std::string text = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != own_port(tls)) text += ":" + port;
  return text;
}

std::string UrlOrigin::text() const {
  return (tls ? "https://" : "http://") + authority();
}

UrlOrigin parse_origin(std::string_view url, std::string_view& rest) {
  const std::string shown(url);
  UrlOrigin origin;
  origin.tls = url.starts_with("https://");
  if (!origin.tls && !url.starts_with("http://")) {
    throw ConfigError("'" + shown +
                      "' is not a URL of a web service: it must begin with http:// or https://");
  }
  url.remove_prefix(origin.tls ? 8 : 7);
  const auto end = std::min(url.find_first_of("/?#"), url.size());
  const std::string_view authority = url.substr(0, end);
  rest = url.substr(end);
  if (authority.find('@') != std::string_view::npos) {
    throw ConfigError("a URL must not contain a user or a password; set an Authorization header instead");
  }
  const auto split = text::split_host(authority);
  if (!split) throw ConfigError("'" + shown + "' has a [ without a closing ]");
  origin.host = split->host;
  origin.port = own_port(origin.tls);
  if (!split->rest.empty()) {
    const std::string_view port = split->rest.substr(1);
    if (!split->rest.starts_with(':') || !text::parse_port(port)) {
      throw ConfigError("'" + shown + "' has no valid port after its host's colon");
    }
    origin.port = port;
  }
  const bool possible =
      !origin.host.empty() &&
      std::ranges::all_of(origin.host, split->bracketed ? stands_in_an_address : stands_in_a_host);
  if (!possible) throw ConfigError("'" + shown + "' has no valid host");
  return origin;
}

}  // namespace sluice::config
