#pragma once

#include <string>
#include <string_view>

namespace sluice::config {

/// Scheme, host and port of an http or https URL.
struct UrlOrigin {
  bool tls = false;
  std::string host;  ///< without the brackets of an IPv6 address
  std::string port;

  /// As in a URL; the port only if it is not the scheme's default.
  std::string text() const;
  /// The same without the scheme, as in the Host header.
  std::string authority() const;

  friend bool operator==(const UrlOrigin&, const UrlOrigin&) = default;
};

/// Why `url` is not a supported URL of a web service, or "".
std::string why_no_web_url(std::string_view url);

/// Parses the origin of `url`; `rest` is set to path and query, which may be empty. Throws ConfigError,
/// without a place, for an invalid URL.
UrlOrigin parse_origin(std::string_view url, std::string_view& rest);

}  // namespace sluice::config
