#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "language/parser/cursor.hpp"
#include "language/values/term.hpp"

namespace sluice::language {

/// Parses an expression from the cursor's position up to the first token that cannot belong to it. Recursive
/// descent with one function for each level of precedence. The depth of nesting is limited.
class Parser {
 public:
  /// Adds the paths that the expression reads from the images to `reads`.
  Parser(Cursor& cursor, Reads& reads) : cursor_(cursor), reads_(reads) {}

  Term expression();

 private:
  class Deeper;

  // parser.cpp: operators
  Term conjunction();
  Term inversion();
  Term comparison();
  Term compared(const Term& left, const Token& symbol);
  Term null_test(const Term& value);
  Term test(const Term& value);
  Term like(const Term& value);
  Term concatenation();
  Term summation();
  Term multiplication();
  Term signed_value();

  // parser_values.cpp: operands
  Term value();
  Term word();
  Term field(Image image);
  std::vector<std::string> path();
  Term function();
  Term changed();
  Term case_of();

  Term not_null(Term term, std::size_t offset) const;

  Cursor& cursor_;
  Reads& reads_;
  int depth_ = 0;
};

}  // namespace sluice::language
