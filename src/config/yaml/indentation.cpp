#include "config/yaml/indentation.hpp"

#include <fmt/format.h>

#include <sstream>
#include <vector>

namespace sluice::config {
namespace {

/// Takes the lines of a text one by one and keeps track of the open blocks.
class Indentation {
 public:
  /// What is wrong with the next line, in words; "" if nothing is.
  std::string look_at(std::string line) {
    ++number_;
    line.resize(line.find_last_not_of(" \r") + 1);
    const std::size_t indent = line.find_first_not_of(' ');
    if (indent == std::string::npos || line[indent] == '#') return {};
    std::string wrong = fits(indent);
    enter(line, indent);
    return wrong;
  }
  int line() const { return number_; }

 private:
  std::string fits(std::size_t indent) {
    if (opens_.empty()) return {};
    if (indent > opens_.back()) {
      if (opened_) return {};
      return fmt::format(
          "line {} is indented by {}, more than the line above, which does not open a block (no ':' at its "
          "end)",
          number_, counted(indent));
    }
    std::size_t deeper = opens_.back();
    for (; !opens_.empty() && opens_.back() > indent; opens_.pop_back()) deeper = opens_.back();
    if (!opens_.empty() && opens_.back() == indent) return {};
    if (opens_.empty()) {
      return fmt::format("line {} is indented by {}, less than the lines above, which are indented by {}",
                         number_, counted(indent), counted(deeper));
    }
    const std::size_t outer = opens_.back();
    return fmt::format(
        "line {} is indented by {}, which matches no block above: those are indented by {} and {}", number_,
        counted(indent), outer, deeper);
  }

  /// Records what the line opens: an item after each dash, and a block if it ends with a colon.
  void enter(const std::string& line, std::size_t at) {
    if (opens_.empty() || opens_.back() < at) opens_.push_back(at);
    while (line.compare(at, 2, "- ") == 0) {
      at = line.find_first_not_of(' ', at + 1);
      opens_.push_back(at);
    }
    opened_ = line.ends_with(':') || line.ends_with('-') || line.ends_with('|') || line.ends_with('>');
  }

  static std::string counted(std::size_t spaces) {
    return std::to_string(spaces) + (spaces == 1 ? " space" : " spaces");
  }

  std::vector<std::size_t> opens_;  ///< indentation of the blocks around the line, innermost last
  bool opened_ = false;             ///< the previous line opens a block
  int number_ = 0;
};

}  // namespace

std::optional<YamlFault> odd_indentation(const std::string& text, int last_line) {
  Indentation indentation;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line) && indentation.line() < last_line;) {
    const std::string wrong = indentation.look_at(line);
    if (wrong.empty()) continue;
    return YamlFault{{indentation.line(), static_cast<int>(line.find_first_not_of(' ')) + 1}, wrong};
  }
  return std::nullopt;
}

}  // namespace sluice::config
