#include "cli/views/indented.hpp"

#include <vector>

namespace sluice::cli {

namespace {

bool blank(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/// The position after the closing quote of the string that begins at `from`.
std::size_t end_of_string(std::string_view json, std::size_t from) {
  std::size_t at = from + 1;
  while (at < json.size() && json[at] != '"') at += json[at] == '\\' ? 2 : 1;
  return at < json.size() ? at + 1 : json.size();
}

/// Whether the object or array that opens before `from` is empty, or one value of Extended JSON.
bool one_value(std::string_view json, std::size_t from) {
  while (from < json.size() && blank(json[from])) ++from;
  const std::string_view rest = json.substr(from < json.size() ? from : json.size());
  return rest.starts_with("\"$") || rest.starts_with("}") || rest.starts_with("]");
}

class Writer {
 public:
  void open(char bracket, bool flat) {
    out_ += bracket;
    flat_.push_back(flat || (!flat_.empty() && flat_.back()));
    line();
  }
  void close(char bracket) {
    const bool flat = !flat_.empty() && flat_.back();
    if (!flat_.empty()) flat_.pop_back();
    if (!flat) {
      out_ += '\n';
      out_.append(2 * flat_.size(), ' ');
    }
    out_ += bracket;
  }
  void comma() {
    out_ += ',';
    if (!flat_.empty() && flat_.back()) out_ += ' ';
    line();
  }
  void text(std::string_view text) { out_ += text; }
  std::string take() { return std::move(out_); }

 private:
  void line() {
    if (!flat_.empty() && flat_.back()) return;
    out_ += '\n';
    out_.append(2 * flat_.size(), ' ');
  }

  std::string out_;
  std::vector<bool> flat_;  ///< by level: whether it stays on one line
};

}  // namespace

std::string indented(std::string_view json) {
  Writer out;
  for (std::size_t at = 0; at < json.size(); ++at) {
    const char c = json[at];
    if (blank(c)) continue;
    if (c == '{' || c == '[') {
      out.open(c, one_value(json, at + 1));
    } else if (c == '}' || c == ']') {
      out.close(c);
    } else if (c == ',') {
      out.comma();
    } else if (c == ':') {
      out.text(": ");
    } else {
      const bool string = c == '"';
      const std::size_t end = string ? end_of_string(json, at) : at + 1;
      out.text(json.substr(at, end - at));
      at = end - 1;
    }
  }
  return out.take();
}

}  // namespace sluice::cli
