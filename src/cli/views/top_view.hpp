#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/views/top_line.hpp"
#include "flow/time.hpp"
#include "observe/status.hpp"

namespace sluice::cli {

/// The result of one request to a worker.
struct TopAnswer {
  std::string url;
  flow::Time at{};
  std::optional<observe::WorkerStatus> status;
  std::string error;  ///< why there is no status
};

inline constexpr std::size_t any_width = 100'000;  ///< wide enough that nothing is shortened or wrapped

/// The page of `sluice top`: a line for each stream, followed by its problems. `before`: the same workers'
/// previous answers, from which rates are computed; empty at first. `now`: seconds since the epoch. To keep
/// lines within `width` columns, leaves out columns, shortens names and wraps remarks. A pure function.
std::vector<TopLine> top_page(const std::vector<TopAnswer>& answers, const std::vector<TopAnswer>& before,
                              double now, std::size_t width = any_width);

}  // namespace sluice::cli
