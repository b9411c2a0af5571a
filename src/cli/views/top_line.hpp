#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace sluice::cli {

enum class Tone { plain, head, good, warning, bad };

struct TopSpan {
  std::string text;
  Tone tone = Tone::plain;
};
/// A line of the `sluice top` page, as pieces of one tone each.
using TopLine = std::vector<TopSpan>;

/// The line without its colours.
std::string plain_text(const TopLine& line);

/// The line with the terminal's colours, cut to `width` columns.
std::string terminal_text(const TopLine& line, std::size_t width);

/// The line wrapped at spaces into lines of at most `width` columns with the same indentation. A word wider
/// than a line is not broken; terminal_text() cuts it. A line of several pieces is not wrapped.
std::vector<TopLine> wrapped(const TopLine& line, std::size_t width);

}  // namespace sluice::cli
