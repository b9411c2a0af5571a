#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::cli {

/// Parses a time as users type it, to milliseconds since the epoch: ISO 8601 (`2026-11-21`,
/// `2026-11-21T10:54`, `2026-11-21T10:54:16.5+02:00`; UTC if no zone is given), or a time before `now_ms`
/// (`90s`, `30m`, `2h`, `1d`, `2w`). Absent if the text is neither.
std::optional<std::int64_t> parse_moment(std::string_view text, std::int64_t now_ms);

/// Milliseconds since the epoch as `2026-11-21 10:54:16Z`.
std::string moment_text(std::int64_t ms);

}  // namespace sluice::cli
