#pragma once

#include <string>

#include "language/parser/parser.hpp"

namespace sluice::language {

/// Counts as one level of nesting while it lives. The constructor throws if there are too many levels.
class Parser::Deeper {
 public:
  explicit Deeper(Parser& parser) : parser_(parser) {
    if (++parser_.depth_ <= most) return;
    parser_.cursor_.fail(parser_.cursor_.token().offset,
                         "this is nested too deeply: at most " + std::to_string(most) + " levels");
  }
  ~Deeper() { --parser_.depth_; }
  Deeper(const Deeper&) = delete;
  Deeper& operator=(const Deeper&) = delete;

 private:
  static constexpr int most = 100;

  Parser& parser_;
};

}  // namespace sluice::language
