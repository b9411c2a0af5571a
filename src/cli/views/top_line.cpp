#include "cli/views/top_line.hpp"

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "text/display_width.hpp"
#include "text/printable.hpp"

namespace sluice::cli {
namespace {

const char* colour(Tone tone) {
  const char* no_color = std::getenv("NO_COLOR");  // no-color.org
  if (no_color != nullptr && *no_color != '\0') return "";
  switch (tone) {
    case Tone::plain:
      return "";
    case Tone::head:
      return "\x1b[1m";
    case Tone::good:
      return "\x1b[32m";
    case Tone::warning:
      return "\x1b[33m";
    case Tone::bad:
      return "\x1b[1;31m";
  }
  return "";
}

}  // namespace

std::string plain_text(const TopLine& line) {
  std::string text;
  for (const TopSpan& span : line) text += text::printable(span.text);
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

std::string terminal_text(const TopLine& line, std::size_t width) {
  std::string text;
  for (const TopSpan& span : line) {
    const std::string safe = text::printable(span.text);
    const std::string_view shown = text::cut(safe, width);
    width -= text::display_width(shown);
    const char* on = colour(span.tone);
    text += on;
    text += shown;
    if (*on != '\0') text += "\x1b[0m";
  }
  return text;
}

std::vector<TopLine> wrapped(const TopLine& line, std::size_t width) {
  if (line.size() != 1 || text::display_width(line.front().text) <= width) return {line};
  const auto& [text, tone] = line.front();
  const std::string indent(std::min(text.find_first_not_of(' '), text.size()), ' ');
  std::vector<TopLine> lines;
  std::string now = indent;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const bool first = now == indent;
    if (!first && text::display_width(now) + 1 + text::display_width(word) > width) {
      lines.push_back({{now, tone}});
      now = indent + word;
    } else {
      now += (first ? "" : " ") + word;
    }
  }
  lines.push_back({{now, tone}});
  return lines;
}

}  // namespace sluice::cli
