#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace sluice::sinks::webhook {

/// How long a Retry-After header asks to wait from `now`: it states seconds, or a date in one of HTTP's three
/// forms. Nothing where it is neither; a date that has passed is zero.
std::optional<std::chrono::seconds> parse_retry_after(std::string_view text,
                                                      std::chrono::system_clock::time_point now);

}  // namespace sluice::sinks::webhook
