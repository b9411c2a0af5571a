#include "text/url.hpp"

#include <algorithm>
#include <charconv>

namespace sluice::text {

std::size_t behind_scheme(std::string_view url) {
  constexpr std::string_view end_of_scheme = "://";
  const std::size_t scheme = url.find(end_of_scheme);
  return scheme == std::string_view::npos ? 0 : scheme + end_of_scheme.size();
}

std::optional<HostAndRest> split_host(std::string_view text) {
  if (!text.starts_with('[')) {
    const std::size_t end = std::min(text.find(':'), text.size());
    return HostAndRest{text.substr(0, end), text.substr(end), false};
  }
  const std::size_t end = text.find(']');
  if (end == std::string_view::npos) return std::nullopt;
  return HostAndRest{text.substr(1, end - 1), text.substr(end + 1), true};
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

}  // namespace sluice::text
