#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::language {

/// Parses `2026-03-01`, `2026-03-01T12:30`, `2026-03-01 12:30:05.250Z` or `2026-03-01T12:30+02:00` to
/// milliseconds since the epoch. UTC if there is no zone.
std::optional<std::int64_t> date_of(std::string_view text);

}  // namespace sluice::language
