#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>
#include <vector>

namespace sluice::cli {

struct TerminalSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

/// Whether stdout is a terminal.
bool prints_to_terminal();

/// The terminal's present size; it changes when the user resizes the window.
TerminalSize terminal_size();

/// Switches to the terminal's alternate screen. The destructor restores the previous contents.
class Screen {
 public:
  explicit Screen(std::ostream& out);
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  /// Overwrites the screen in place, so that it does not flicker. Lines must not be wider than the terminal
  /// (see terminal_size).
  void draw(const std::vector<std::string>& lines);

 private:
  std::ostream& out_;
};

}  // namespace sluice::cli
