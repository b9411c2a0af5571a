#include "cli/views/top_table.hpp"

#include <algorithm>

#include "cli/views/short_text.hpp"
#include "text/display_width.hpp"
#include "text/printable.hpp"

namespace sluice::cli {
namespace {

struct Column {
  const char* title;
  std::size_t width;  ///< minimum, so that the columns do not move when numbers change
  bool left = false;
};

constexpr std::array<Column, top_columns> columns{{{"PIPELINE", 14, true},
                                                   {"SHARD", 5},
                                                   {"STREAM", 14, true},
                                                   {"STATE", 9, true},
                                                   {"LAG", 7},
                                                   {"READ/s", 7},
                                                   {"APPLIED/s", 9},
                                                   {"FILTERED/s", 10},
                                                   {"DEAD", 6},
                                                   {"IN FLIGHT", 15},
                                                   {"LANES", 6},
                                                   {"OPLOG", 7},
                                                   {"STORED", 6},
                                                   {"MEMORY", 6}}};
constexpr std::size_t gap = 2;  ///< spaces between two columns
/// The columns to leave out, in this order, if the terminal is too narrow for all.
constexpr std::array<std::size_t, 8> expendable{13, 12, 7, 10, 9, 11, 6, 5};

bool is_name(std::size_t column) {
  return column == TopTable::pipeline_column || column == TopTable::stream_column;
}

}  // namespace

TopSpan top_cell(const std::string& text, Tone tone) {
  return {text::printable(without_controls(text)), tone};
}

TopRow top_heading() {
  TopRow row;
  for (std::size_t i = 0; i < columns.size(); ++i) row[i] = {columns[i].title, Tone::head};
  return row;
}

TopTable::TopTable(const std::vector<TopRow>& rows, std::size_t width) {
  shown_.fill(true);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    widths_[i] = columns[i].width;
    if (is_name(i)) continue;
    for (const TopRow& row : rows) widths_[i] = std::max(widths_[i], text::display_width(row[i].text));
  }
  for (const std::size_t column : expendable) {
    if (total() > width) shown_[column] = false;
  }
  // The remaining space goes to the names: first the stream's, which is more useful, then the pipeline's.
  for (const std::size_t column : {stream_column, pipeline_column}) {
    std::size_t wanted = widths_[column];
    for (const TopRow& row : rows) wanted = std::max(wanted, text::display_width(row[column].text));
    const std::size_t room = width - std::min(width, total());
    widths_[column] += std::min(room, wanted - widths_[column]);
  }
}

TopLine TopTable::line(const TopRow& row) const {
  TopLine line;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (!shown_[i]) continue;
    const std::string text = text::shortened(row[i].text, widths_[i]);
    const std::string padding(widths_[i] - text::display_width(text), ' ');
    line.push_back({std::string(i == 0 ? 0 : gap, ' ') + (columns[i].left ? text + padding : padding + text),
                    row[i].tone});
  }
  return line;
}

std::size_t TopTable::total() const {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (shown_[i]) sum += widths_[i] + (i == 0 ? 0 : gap);
  }
  return sum;
}

}  // namespace sluice::cli
