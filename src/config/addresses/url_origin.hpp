#pragma once

#include <string>
#include <string_view>

namespace sluice::config {

/// Where requests go: the first part of an http or https URL.
struct UrlOrigin {
  bool tls = false;
  std::string host;  ///< without the brackets of an IPv6 address
  std::string port;

  /// As a URL has it, with the port only where it is not the scheme's own.
  std::string text() const;
  /// The same without the scheme: a request's Host.
  std::string authority() const;

  friend bool operator==(const UrlOrigin&, const UrlOrigin&) = default;
};

/// The origin at the start of `url`; `rest` is what is behind it (path and query, which may be empty). Throws
/// ConfigError with a sentence, without a place, for what is no such URL.
UrlOrigin parse_origin(std::string_view url, std::string_view& rest);

}  // namespace sluice::config
