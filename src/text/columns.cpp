#include "text/columns.hpp"

#include <algorithm>

namespace sluice::text {

std::string entry(std::string_view name, std::size_t indent, std::string_view sentence) {
  std::string out(name);
  out.resize(std::max(out.size(), indent), ' ');
  std::size_t width = out.size();
  bool first_of_line = true;
  while (!sentence.empty()) {
    const std::size_t end = std::min(sentence.find(' '), sentence.size());
    const std::string_view word = sentence.substr(0, end);
    if (!first_of_line && width + 1 + word.size() > page_width) {
      out += '\n';
      out.append(indent, ' ');
      width = indent;
      first_of_line = true;
    }
    if (!first_of_line) out += ' ';
    width += word.size() + (first_of_line ? 0 : 1);
    out += word;
    first_of_line = false;
    sentence.remove_prefix(std::min(end + 1, sentence.size()));
  }
  return out + "\n";
}

}  // namespace sluice::text
