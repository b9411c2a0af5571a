#include "config/addresses/port.hpp"

#include "text/url.hpp"

namespace sluice::config {

namespace {

std::string why_no_port(std::string_view text, bool has_user) {
  // Without a user it may be a password: user:password is followed by @host.
  constexpr std::size_t most_digits = 5;
  const bool digits = text.find_first_not_of("0123456789") == std::string_view::npos;
  const bool shown = has_user || (digits && text.size() <= most_digits);
  const std::string what = shown ? "the port '" + std::string(text) + "'" : "the part after the host's :";
  return what + " must be a port, a whole number from 1 to 65535";
}

}  // namespace

std::string take_port(std::string_view& place, std::optional<std::uint16_t>& port, bool has_user) {
  const auto split = text::split_host(place);
  if (!split) return "the IPv6 address has no closing ]";
  if (!split->rest.empty()) {
    port = split->rest.starts_with(':') ? text::parse_port(split->rest.substr(1)) : std::nullopt;
    if (!port) return why_no_port(split->rest.substr(1), has_user);
  }
  place = split->host;
  return "";
}

}  // namespace sluice::config
