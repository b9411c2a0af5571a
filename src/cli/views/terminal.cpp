#include "cli/views/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <ostream>

namespace sluice::cli {

bool prints_to_terminal() {
  return ::isatty(STDOUT_FILENO) == 1;
}

TerminalSize terminal_size() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {size.ws_col, size.ws_row};
}

Screen::Screen(std::ostream& out) : out_(out) {
  out_ << "\x1b[?1049h\x1b[?25l" << std::flush;  // alternate screen, cursor hidden
}

Screen::~Screen() {
  out_ << "\x1b[?25h\x1b[?1049l" << std::flush;
}

void Screen::draw(const std::vector<std::string>& lines) {
  const std::size_t all_rows = terminal_size().rows;
  const std::size_t rows = std::min(lines.size(), all_rows);
  std::string page = "\x1b[H";
  for (std::size_t row = 0; row < rows; ++row) {
    // Erase the old line before writing: after a line as wide as the terminal, erasing would remove its last
    // character.
    page += "\x1b[K" + lines[row];
    if (row + 1 < rows) page += "\r\n";
  }
  if (rows < all_rows) page += "\r\n\x1b[J";
  out_ << page << std::flush;
}

}  // namespace sluice::cli
