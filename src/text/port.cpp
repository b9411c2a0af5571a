#include "text/port.hpp"

#include <algorithm>

#include "text/url.hpp"

namespace sluice::text {

namespace {

constexpr std::string_view what_a_port_is = "a whole number from 1 to 65535";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Between the URL's scheme and its path or options, with the user.
std::string_view authority_of(std::string_view url) {
  url.remove_prefix(behind_scheme(url));
  std::string_view before_options = url.substr(0, url.find('?'));
  // A password that is not percent-encoded may contain a '/' or a '?'.
  if (before_options.find_first_of("@/") == std::string_view::npos && url.find('@') != std::string_view::npos)
    before_options = url;
  const auto at = before_options.rfind('@');
  return before_options.substr(0, before_options.find('/', at == std::string_view::npos ? 0 : at));
}

std::string why_no_port(const HostAndRest& split, bool has_user) {
  const std::string host = split.bracketed ? "[" + std::string(split.host) + "]" : std::string(split.host);
  if (!split.rest.starts_with(':')) return "only a colon and a port may follow " + host;
  const std::string_view text = split.rest.substr(1);
  if (text.empty()) return "the port after '" + host + ":' is missing";
  const bool shown = has_user || split.bracketed || !may_be_password(split.host, text);
  const std::string subject =
      shown ? "the port '" + std::string(text) + "' of '" + host + "'" : "the part after '" + host + ":'";
  return subject + " must be " + (shown ? "" : "a port, ") + std::string(what_a_port_is);
}

}  // namespace

bool may_be_password(std::string_view host, std::string_view behind) {
  constexpr std::ptrdiff_t most_digits = 5;
  constexpr std::ptrdiff_t least_digits = 3;  // with a wrong character
  const bool is_address = host.find_first_not_of("0123456789.") == std::string_view::npos &&
                          host.find('.') != std::string_view::npos;
  if (is_address || host == "localhost") return false;
  const auto digits = std::ranges::count_if(behind, is_digit);
  const auto others = static_cast<std::ptrdiff_t>(behind.size()) - digits;
  if (digits > most_digits) return true;
  return others > 0 && (others > 1 || digits < least_digits);
}

std::string take_port(std::string_view& place, std::optional<std::uint16_t>& port, bool has_user) {
  const auto split = split_host(place);
  if (!split) return "the IPv6 address has no closing ]";
  if (!split->rest.empty()) {
    port = split->rest.starts_with(':') ? parse_port(split->rest.substr(1)) : std::nullopt;
    if (!port) return why_no_port(*split, has_user);
  }
  place = split->host;
  return "";
}

std::string why_no_ports(std::string_view url) {
  std::string_view hosts = authority_of(url);
  const auto at = hosts.rfind('@');
  const bool has_user = at != std::string_view::npos;
  if (has_user) hosts.remove_prefix(at + 1);
  while (true) {
    const auto comma = hosts.find(',');
    std::string_view host = hosts.substr(0, comma);
    std::optional<std::uint16_t> port;
    if (std::string why = take_port(host, port, has_user); !why.empty()) return why;
    if (comma == std::string_view::npos) return "";
    hosts.remove_prefix(comma + 1);
  }
}

}  // namespace sluice::text
