#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::text {

/// Whether `behind`, which follows a host's colon in a URL without user and password, may be a password:
/// `user:password` that lacks its @host. It is none if it resembles a port, or if `host` cannot be a user.
bool may_be_password(std::string_view host, std::string_view behind);

/// Removes the port from `place`, which is `host` or `host:port`; an IPv6 address stands in brackets. `port`
/// stays empty if there is none. Returns why `place` is neither, or "". That names an invalid port, unless it
/// may be a password: text in a URL that does not state user and password elsewhere (`has_user`).
std::string take_port(std::string_view& place, std::optional<std::uint16_t>& port, bool has_user);

/// Checks the port of each host in `scheme://user:password@host:port,host:port/rest`, of which only one host
/// is required. Returns what is wrong with the first that is invalid, or "".
std::string why_no_ports(std::string_view url);

}  // namespace sluice::text
