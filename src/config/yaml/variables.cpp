#include "config/yaml/variables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "config/names.hpp"
#include "sluice/settings.hpp"

namespace sluice::config {

namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_name(std::string_view name) {
  const auto fits = [](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
  return !name.empty() && is_letter(name.front()) && std::ranges::all_of(name, fits);
}

class Expander {
 public:
  Expander(std::string_view text, const Variables& variables) : text_(text), variables_(variables) {}

  Expanded run() {
    while (at_ < text_.size() && out_.problem.empty()) {
      const std::size_t dollar = std::min(text_.find('$', at_), text_.size());
      add(text_.substr(at_, dollar - at_));
      at_ = dollar;
      if (at_ < text_.size()) dollars();
    }
    return std::move(out_);
  }

 private:
  void add(std::string_view text) {
    out_.text += text;
    out_.expression += text;
  }

  /// A run of dollars, and the variable that may start with the last one.
  void dollars() {
    const std::size_t end = std::min(text_.find_first_not_of('$', at_), text_.size());
    const std::size_t count = end - at_;
    const bool before_brace = end < text_.size() && text_[end] == '{';
    const std::size_t escaped = count / 2;
    const bool odd = count % 2 != 0;
    out_.text.append(escaped + (odd && !before_brace ? 1 : 0), '$');
    out_.expression.append(before_brace ? escaped : count, '$');
    at_ = end;
    if (odd && before_brace) variable();
  }

  /// The text between the braces; `at_` is at the opening one.
  void variable() {
    const std::size_t end = closing_brace();
    if (end == std::string_view::npos) return fail("this variable has no closing brace");
    const std::string_view inside = text_.substr(at_ + 1, end - at_ - 1);
    const std::size_t otherwise = inside.find(":-");
    const std::string_view name = inside.substr(0, otherwise);
    if (!is_name(name)) {
      return fail(
          fmt::format("'${{{}}}' is not a variable: a name may contain only letters, digits and '_'; for the "
                      "literal text write '$${{{}}}'",
                      inside, inside));
    }
    const auto known = variables_.find(name);
    if (otherwise == std::string_view::npos) {
      if (known == variables_.end()) return unknown(name);
      add(known->second);
    } else if (known != variables_.end() && !known->second.empty()) {
      add(known->second);
    } else if (inside.find("${") != std::string_view::npos) {
      return fail(fmt::format(
          "the default of the variable '{}' contains another variable, which is not supported", name));
    } else {
      add(inside.substr(otherwise + 2));
    }
    at_ = end + 1;
  }

  /// The brace that closes the one at `at_`. A default may contain pairs of braces, such as {_id}.
  std::size_t closing_brace() const {
    std::size_t open = 0;
    for (std::size_t i = at_; i < text_.size(); ++i) {
      if (text_[i] == '{') ++open;
      if (text_[i] == '}' && --open == 0) return i;
    }
    return std::string_view::npos;
  }

  void unknown(std::string_view name) {
    std::vector<std::string> names;
    for (const auto& [known, value] : variables_) names.push_back(known);
    const std::string near = nearest_name(name, names);
    fail(fmt::format("{}'{}' is not set{}; set it, or give a default: ${{{}:-default}}", kVariableNotSet,
                     name, near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near), name));
  }

  void fail(std::string problem) {
    out_.problem = std::move(problem);
    out_.problem_at = at_ - 1;  // the dollar
  }

  std::string_view text_;
  const Variables& variables_;
  std::size_t at_ = 0;
  Expanded out_;
};

}  // namespace

Expanded expand(std::string_view text, const Variables& variables) {
  return Expander(text, variables).run();
}

}  // namespace sluice::config
