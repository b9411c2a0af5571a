#include "sinks/http/retry_after.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <string>

namespace sluice::sinks::http {

namespace {

constexpr std::int64_t most_seconds = 366LL * 86'400;  // larger values are cut; callers have lower limits

/// Expects English names of days and months: the program always runs in the C locale.
std::optional<std::time_t> parse_date(const std::string& text) {
  for (const char* form :
       {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
    std::tm parts{};
    const char* end = strptime(text.c_str(), form, &parts);
    if (end != nullptr && *end == '\0') return timegm(&parts);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::chrono::seconds> parse_retry_after(std::string_view text,
                                                      std::chrono::system_clock::time_point now) {
  const auto from = text.find_first_not_of(" \t");
  if (from == std::string_view::npos) return std::nullopt;
  text = text.substr(from, text.find_last_not_of(" \t") - from + 1);
  std::int64_t seconds = 0;
  if (text.find_first_not_of("0123456789") == std::string_view::npos) {
    const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
    return std::chrono::seconds(read.ec == std::errc{} ? std::min(seconds, most_seconds) : most_seconds);
  }
  const auto date = parse_date(std::string(text));
  if (!date) return std::nullopt;
  seconds = *date - std::chrono::system_clock::to_time_t(now);
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, most_seconds));
}

}  // namespace sluice::sinks::http
