#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "language/parser/cursor.hpp"
#include "language/parser/trigger.hpp"
#include "language/values/term.hpp"

namespace sluice::language {

/// Parses statements one after another.
class TriggerParser {
 public:
  explicit TriggerParser(std::string_view text) : cursor_(text, most_trigger_bytes) {}

  Statement statement();
  /// Skips any `;`, then returns whether nothing is left.
  bool done();
  /// Whether a statement may end here.
  bool at_boundary() const { return cursor_.is_symbol(";") || cursor_.is(TokenKind::end); }
  [[noreturn]] void fail_unfinished() const { cursor_.fail_expecting("';' or the end"); }

 private:
  // trigger.cpp: what comes before DO
  Trigger trigger();
  std::string rule_name();
  void events();
  void event();
  void once(bool& event, std::size_t offset);
  void collection();

  // trigger_action.cpp
  Action action();
  Action insert();
  Action upsert();
  Action update();
  Action remove();
  Action call();
  Action drop_keys();
  std::string target();
  std::string where_id();
  Assignments columns_and_values();
  void written(WriteAction& write);
  void add(Assignments& values, std::size_t offset, std::string field, std::string value);

  // used by both
  std::string field_path();
  std::string expression();
  void check_images(const Reads& reads, std::size_t offset) const;

  Cursor cursor_;
  Trigger trigger_;
};

}  // namespace sluice::language
