#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// The collections that a rule's `from` selects by patterns. A collection is in the set if an item includes
/// its name and none excludes it, whether or not it exists yet. Immutable, so threads may share it.
///
/// Regular expressions are PCRE's, as the server's are, so that library and server match the same names.
class CollectionSet {
 public:
  static constexpr std::size_t most_items = 100;
  static constexpr std::size_t most_bytes = 1'000;  ///< in one item

  /// Each of `items` is a name, a glob (`orders_*`; `?` is one character) or a regular expression between
  /// slashes. A leading `!` excludes what the item matches. The names in `hidden` are excluded too, and so
  /// are the server's own collections (system.*, and the temporary ones of $out and mapReduce). Throws
  /// std::invalid_argument, with the reason, for an item that cannot be used.
  explicit CollectionSet(const std::vector<std::string>& items, const std::vector<std::string>& hidden = {});
  ~CollectionSet();

  /// Whether a collection is in the set. Tries the regular expressions each time: callers on the hot path
  /// keep the answer. A name that is not UTF-8 is never in a set.
  bool contains(std::string_view name) const;

  /// Whether some collection may be in both sets. True in doubt.
  bool may_share(const CollectionSet& other) const;

  /// The items as stated, separated by commas. Sets with the same text are the same.
  const std::string& text() const { return text_; }

  /// One side of the set, in the form that the server's filter uses: a name matches if it is one of `names`
  /// or matches one of `expressions`.
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
  std::vector<std::string> starts_;  ///< the fixed beginning of each included item
  std::unique_ptr<const Matcher> matcher_;
};

/// Whether a text is a pattern (a glob, a regular expression between slashes, or an exclusion) rather than
/// the name of one collection.
bool is_pattern(std::string_view text);

}  // namespace sluice
