#pragma once

#include <string>
#include <vector>

#include "bson/builder.hpp"
#include "sluice/rule.hpp"

namespace sluice::source {

/// Which events of a database leave the server: compiled from what the rules read.
struct StreamFilter {
  std::vector<Subscription> subscriptions;  ///< one a collection, merged
  int shard_count = 1;
  int shard_index = 0;
  bool with_hash = false;  ///< have the server add the hash of the id, to honour an older shard layout

  bool needs_pre_images() const;
};

/// Merges the rules' subscriptions: one for each collection, wanting what any rule wants of it.
std::vector<Subscription> merge_subscriptions(const std::vector<Subscription>& all);

/// Appends the stages that follow $changeStream to the open array `pipeline`.
void append_stages(bson::Builder& pipeline, const StreamFilter& filter);

/// The regular expression that holds for "collection name" where the name, as an update's description gives
/// it, touches a field that is read of that collection. Empty when no updates are wanted at all.
std::string touched_names(const std::vector<Subscription>& subscriptions);

}  // namespace sluice::source
