#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace sluice::sinks::webhook {

/// The wait that a Retry-After header asks for, from `now`. The header holds seconds or a date in one of
/// HTTP's three formats. Nothing if it holds neither; 0 for a date in the past.
std::optional<std::chrono::seconds> parse_retry_after(std::string_view text,
                                                      std::chrono::system_clock::time_point now);

}  // namespace sluice::sinks::webhook
