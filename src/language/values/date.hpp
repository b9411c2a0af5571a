#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::language {

/// Milliseconds since the epoch for a text such as `2026-03-01`, `2026-03-01T12:30`, `2026-03-01
/// 12:30:05.250Z` or `2026-03-01T12:30+02:00`. UTC if no zone is stated. Absent if the text is not a date.
std::optional<std::int64_t> date_of(std::string_view text);

}  // namespace sluice::language
