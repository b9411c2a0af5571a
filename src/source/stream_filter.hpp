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

/// The regular expression that holds for the names in an update's description which touch one of `fields`.
std::string touching(const std::vector<std::string>& fields);

}  // namespace sluice::source
