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

/// Whether what the program prints is read by a person.
bool prints_to_terminal();

/// As it is now: a person may resize it.
TerminalSize terminal_size();

/// The terminal's other screen for as long as this lives; what stood there before comes back after it.
class Screen {
 public:
  explicit Screen(std::ostream& out);
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  /// Draws over what stands there, so that nothing flickers. The lines fit (see terminal_size).
  void draw(const std::vector<std::string>& lines);

 private:
  std::ostream& out_;
};

}  // namespace sluice::cli
