#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/views/top_line.hpp"
#include "flow/time.hpp"
#include "observe/status.hpp"

namespace sluice::cli {

/// What came of asking one worker.
struct TopAnswer {
  std::string url;
  flow::Time at{};
  std::optional<observe::WorkerStatus> status;
  std::string error;  ///< why there is no status
};

inline constexpr std::size_t any_width = 100'000;  ///< names and remarks stay as they are

/// The page that `sluice top` shows: a line for each stream, and below it what is wrong with it. `before` is
/// what the same workers answered last time (rates come from the two; empty at first); `now` is the time in
/// seconds since the epoch. No line is wider than `width` columns, as far as columns can be left out, names
/// shortened and remarks wrapped. A pure function.
std::vector<TopLine> top_page(const std::vector<TopAnswer>& answers, const std::vector<TopAnswer>& before,
                              double now, std::size_t width = any_width);

}  // namespace sluice::cli
