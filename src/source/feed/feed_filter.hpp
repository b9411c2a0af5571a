#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "source/numbered_subscriptions.hpp"
#include "source/stream_filter.hpp"

namespace sluice::source {

/// What one reader needs of a feed: its rules' subscriptions, for the documents of one shard.
struct FeedNeeds {
  /// Throws nothing; `subscriptions` are those of a stream's rules, as number_subscriptions() returns them.
  /// `stream`: the name of the stream whose rules they are.
  FeedNeeds(std::vector<NumberedSubscription> subscriptions, int shard_count, int shard,
            std::string stream = {});
  /// The needs of a reader that takes whatever the feed's other readers take, but the documents of these
  /// shards. `identity` is that of the others' filter.
  static FeedNeeds of_others(std::string identity, int shard_count, std::vector<int> shards);

  std::string stream;
  std::vector<NumberedSubscription> subscriptions;
  std::string list;  ///< identifies `subscriptions`: the parts of one stream have the same; "": of others
  int shard_count = 1;
  std::vector<int> shards;  ///< ascending
  std::string identity;     ///< of others

  bool takes_what_others_take() const { return list.empty(); }

  /// The filter for this reader alone.
  StreamFilter filter() const;

 private:
  FeedNeeds() = default;
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
  /// Identifies the streams, their rules and the numbers of the subscriptions in sluiceWants, not the shards.
  const std::string& identity() const { return identity_; }
  /// The names of the streams.
  const std::set<std::string>& streams() const { return streams_; }

 private:
  StreamFilter filter_;
  bool divides_ = false;
  std::map<std::string, std::int64_t> first_numbers_;  ///< by FeedNeeds::list
  std::set<std::string> streams_;
  std::string identity_;
};

}  // namespace sluice::source
