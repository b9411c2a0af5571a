#include "unit/language/soup.hpp"
#include "language/expression.hpp"
#include "language/parser/trigger.hpp"
#include "unit/bson/seed.hpp"
#include "unit/language/compiled.hpp"

namespace sluice::language {
namespace {

/// Nothing but what is compiled, and readable, and LanguageError.
bool compiles(const std::string& text) {
  try {
    json(compile_expression(text));
    return true;
  } catch (const LanguageError& error) {
    EXPECT_LE(error.offset(), text.size());
    return false;
  }
}

TEST(Soup, NeverCrashes) {
  const std::uint64_t seed = test::seed();
  SCOPED_TRACE(test::seed_line(seed));
  test::Soup soup(seed);
  int refused = 0;
  constexpr int texts = 5000;
  for (int i = 0; i < texts; ++i) {
    const std::string text = soup.tokens();
    compiles(text);
    for (const std::string& statement : {text, "CREATE TRIGGER t AFTER UPDATE ON c WHEN " + text,
                                         "CREATE TRIGGER t AFTER UPDATE ON c DO " + text}) {
      const std::string error = error_of([&] { parse_statements(statement); });
      EXPECT_NE(error, "") << statement;
      refused += error == "compiled" ? 0 : 1;
    }
  }
  EXPECT_GT(refused, texts);  // random words seldom make a statement
}

TEST(Soup, CompilesWhatIsWellFormed) {
  const std::uint64_t seed = test::seed();
  SCOPED_TRACE(test::seed_line(seed));
  test::Soup soup(seed);
  for (int i = 0; i < 3000; ++i) {
    const std::string text = soup.expression(i % 4);
    EXPECT_TRUE(compiles(text)) << text;
    compiles(soup.damaged(text));
  }
}

}  // namespace
}  // namespace sluice::language
