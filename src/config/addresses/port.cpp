#include "config/addresses/port.hpp"

#include "text/url.hpp"

namespace sluice::config {

std::string take_port(std::string_view& place, std::optional<std::uint16_t>& port) {
  const auto split = text::split_host(place);
  if (!split) return "the IPv6 address has no closing ]";
  if (!split->rest.empty()) {
    port = split->rest.starts_with(':') ? text::parse_port(split->rest.substr(1)) : std::nullopt;
    if (!port) return "the part after the host's : must be a port";
  }
  place = split->host;
  return "";
}

}  // namespace sluice::config
