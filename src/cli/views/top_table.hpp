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

/// A cell with printable text, so that its width can be measured.
TopSpan top_cell(const std::string& text, Tone tone = Tone::plain);

/// The columns' titles.
TopRow top_heading();

/// Lays out the columns of `sluice top` in the terminal's width: leaves out less important columns and
/// shortens names if necessary.
class TopTable {
 public:
  static constexpr std::size_t pipeline_column = 0;
  static constexpr std::size_t stream_column = 2;

  /// Makes the columns as wide as `rows` need, within a total of `width` columns of the terminal.
  TopTable(const std::vector<TopRow>& rows, std::size_t width);

  TopLine line(const TopRow& row) const;

 private:
  std::size_t total() const;

  std::array<std::size_t, top_columns> widths_{};
  std::array<bool, top_columns> shown_{};
};

}  // namespace sluice::cli
