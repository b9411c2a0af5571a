#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::config {

/// Removes the port from `place`, which is `host` or `host:port`; an IPv6 address stands in brackets. `port`
/// stays empty if there is none. Returns why `place` is neither, or "". That names an invalid port, unless it
/// may be a password: text in a URL that does not state user and password elsewhere (`has_user`).
std::string take_port(std::string_view& place, std::optional<std::uint16_t>& port, bool has_user);

}  // namespace sluice::config
