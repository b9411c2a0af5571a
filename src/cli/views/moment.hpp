#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::cli {

/// A moment as people type it, in milliseconds since the epoch: ISO 8601 (`2026-11-21`, `2026-11-21T10:54`,
/// `2026-11-21T10:54:16.5+02:00`; UTC where no zone is given), or how long ago it was (`90s`, `30m`, `2h`,
/// `1d`, `2w`). Nothing for a text that is neither.
std::optional<std::int64_t> parse_moment(std::string_view text, std::int64_t now_ms);

/// `2026-11-21 10:54:16Z`
std::string moment_text(std::int64_t ms);

}  // namespace sluice::cli
