#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::text {

/// The offset of the text behind `://`; 0 for a URL without a scheme.
std::size_t behind_scheme(std::string_view url);

/// A host, and what follows it: nothing, or a colon and a port. Both are views into the text that was split.
struct HostAndRest {
  std::string_view host;  ///< without the brackets of an IPv6 address; may be empty
  std::string_view rest;
  bool bracketed = false;
};

/// Splits `host`, `host:port`, `[address]` or `[address]:port`. Empty if a `[` has no `]`. Does not validate
/// the parts.
std::optional<HostAndRest> split_host(std::string_view text);

/// The port, 1 to 65535, in a text of digits only. Empty for anything else.
std::optional<std::uint16_t> parse_port(std::string_view text);

}  // namespace sluice::text
