#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// Collections that a rule's `from` states by patterns: those that a name, a glob or a regular expression
/// includes and none excludes. It holds collections that do not exist yet.
///
/// A regular expression is one of PCRE, as the server's: here and there it matches the same names. Immutable,
/// so threads may share it.
class CollectionSet {
 public:
  static constexpr std::size_t most_items = 100;
  static constexpr std::size_t most_bytes = 1'000;  ///< of one item

  /// `items` as a file states them: names, globs (`orders_*`, `?` for one character), regular expressions
  /// between slashes, and either of them behind a `!` for what is excluded. `hidden` are names that are
  /// excluded besides. The server's own collections (system.*, and the temporary ones of $out and mapReduce)
  /// are never in a set. Throws std::invalid_argument, with the reason, for items that cannot be used.
  explicit CollectionSet(const std::vector<std::string>& items, const std::vector<std::string>& hidden = {});
  ~CollectionSet();

  /// A regular expression is tried for each: keep the answer. A name that is not UTF-8 is never in a set.
  bool contains(std::string_view name) const;

  /// Whether a collection may be in both. False only where that is certain.
  bool may_share(const CollectionSet& other) const;

  /// The items as stated, with commas between them: two sets with one text are the same.
  const std::string& text() const { return text_; }

  /// What the server is asked: a name is in the set if it is one of `names` or matches one of `expressions`.
  struct Side {
    std::vector<std::string> names;
    std::vector<std::string> expressions;
  };
  const Side& included() const { return included_; }
  const Side& excluded() const { return excluded_; }

 private:
  class Matcher;

  std::string text_;
  Side included_;
  Side excluded_;
  std::vector<std::string> starts_;  ///< of each name included the part that is fixed
  std::unique_ptr<const Matcher> matcher_;
};

/// Whether a text is a pattern for names (a glob, a regular expression between slashes, or an exclusion) and
/// not the name of a collection.
bool is_pattern(std::string_view text);

}  // namespace sluice
