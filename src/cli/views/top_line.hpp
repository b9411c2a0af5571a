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
/// A line of the page that `sluice top` shows, in pieces of one tone each.
using TopLine = std::vector<TopSpan>;

/// The line without its colours.
std::string plain_text(const TopLine& line);

/// The line with the terminal's colours, cut to `width` columns.
std::string terminal_text(const TopLine& line, std::size_t width);

/// The line broken at blanks into lines of at most `width` columns, indented as it is; a word that is wider
/// than a line is left to terminal_text(). A line of several pieces stays as it is.
std::vector<TopLine> wrapped(const TopLine& line, std::size_t width);

}  // namespace sluice::cli
