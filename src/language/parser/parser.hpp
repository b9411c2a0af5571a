#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "language/parser/cursor.hpp"
#include "language/values/term.hpp"

namespace sluice::language {

/// Reads an expression from where the cursor stands, up to what cannot belong to it. Recursive descent, a
/// function for each level of precedence; how deep is limited.
class Parser {
 public:
  /// What is read of the images is added to `reads`.
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

  // parser_values.cpp: what operators stand between
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
