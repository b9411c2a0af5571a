#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace sluice::sinks::http {

/// How long a Retry-After header asks to wait from `now`. It contains seconds, or a date in one of HTTP's
/// three formats. Returns nullopt if it is neither, and zero for a date in the past.
std::optional<std::chrono::seconds> parse_retry_after(std::string_view text,
                                                      std::chrono::system_clock::time_point now);

}  // namespace sluice::sinks::http
