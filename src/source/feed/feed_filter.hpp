#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "source/numbered_subscriptions.hpp"
#include "source/stream_filter.hpp"

namespace sluice::source {

/// What one reader needs of a feed: its rules' subscriptions, for the documents of one shard.
struct FeedNeeds {
  /// Throws nothing; `subscriptions` are those of a stream's rules, as number_subscriptions() returns them.
  FeedNeeds(std::vector<NumberedSubscription> subscriptions, int shard_count, int shard);

  std::vector<NumberedSubscription> subscriptions;
  std::string list;  ///< identifies `subscriptions`: the parts of one stream have the same
  int shard_count = 1;
  int shard = 0;

  /// The filter for this reader alone.
  StreamFilter filter() const;
};

/// Why two readers cannot share one cursor, as half a sentence; nothing if they can. The server applies image
/// modes, and removes fields, for a whole change stream.
std::optional<std::string> why_apart(const FeedNeeds& one, const FeedNeeds& other);

/// The filter of a feed's cursor: what any of its readers needs. Immutable once it is made.
class FeedFilter {
 public:
  explicit FeedFilter(const std::vector<const FeedNeeds*>& readers);

  const StreamFilter& filter() const { return filter_; }
  bool covers(const FeedNeeds& needs) const;
  /// Whether both let the same events pass.
  bool equals(const FeedFilter& other) const;
  /// Whether the readers have different subscriptions, so that a reader may get events of collections that it
  /// does not read.
  bool is_mixed() const { return first_numbers_.size() > 1; }
  /// Whether any reader takes only the documents of a shard.
  bool divides() const { return divides_; }
  /// Added to the numbers of the reader's subscriptions in sluiceWants.
  std::int64_t first_number(const FeedNeeds& needs) const;

 private:
  StreamFilter filter_;
  bool divides_ = false;
  std::map<std::string, std::int64_t> first_numbers_;  ///< by FeedNeeds::list
};

}  // namespace sluice::source
