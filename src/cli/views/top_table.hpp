#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "cli/views/top_line.hpp"

namespace sluice::cli {

inline constexpr std::size_t top_columns = 14;

/// A cell for each column, in their order.
using TopRow = std::array<TopSpan, top_columns>;

/// A cell's text, as it is shown: so its width can be measured.
TopSpan top_cell(const std::string& text, Tone tone = Tone::plain);

/// The columns' titles.
TopRow top_heading();

/// The columns of `sluice top`, and how they share a terminal's width: what is expendable is left out, and
/// names are shortened.
class TopTable {
 public:
  static constexpr std::size_t pipeline_column = 0;
  static constexpr std::size_t stream_column = 2;

  /// Columns are as wide as these rows need, within `width` in all.
  TopTable(const std::vector<TopRow>& rows, std::size_t width);

  TopLine line(const TopRow& row) const;

 private:
  std::size_t total() const;

  std::array<std::size_t, top_columns> widths_{};
  std::array<bool, top_columns> shown_{};
};

}  // namespace sluice::cli
