#include "config/addresses/url_origin.hpp"

#include <algorithm>

#include "config/mask.hpp"
#include "sluice/settings.hpp"
#include "text/port.hpp"

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

/// Returns why `url` is invalid, or "".
std::string read_origin(std::string_view url, UrlOrigin& origin, std::string_view& rest) {
  origin.tls = url.starts_with("https://");
  if (!origin.tls && !url.starts_with("http://")) return "it must begin with http:// or https://";
  url.remove_prefix(origin.tls ? 8 : 7);
  const auto end = std::min(url.find_first_of("/?#"), url.size());
  std::string_view authority = url.substr(0, end);
  rest = url.substr(end);
  if (authority.find('@') != std::string_view::npos)
    return "it must not contain a user or a password; set an Authorization header instead";
  const bool bracketed = authority.starts_with('[');
  std::optional<std::uint16_t> port;
  if (std::string why = text::take_port(authority, port, false); !why.empty()) return why;
  origin.host = authority;
  origin.port = port ? std::to_string(*port) : std::string(own_port(origin.tls));
  const bool possible = !origin.host.empty() &&
                        std::ranges::all_of(origin.host, bracketed ? stands_in_an_address : stands_in_a_host);
  return possible ? "" : "it has no valid host";
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

std::string why_no_web_url(std::string_view url) {
  UrlOrigin origin;
  std::string_view rest;
  return read_origin(url, origin, rest);
}

UrlOrigin parse_origin(std::string_view url, std::string_view& rest) {
  UrlOrigin origin;
  const std::string why = read_origin(url, origin, rest);
  if (!why.empty()) throw ConfigError("'" + mask_uri(url) + "' is not a URL of a web service: " + why);
  return origin;
}

}  // namespace sluice::config
