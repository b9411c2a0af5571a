#pragma once

#include <string>
#include <string_view>
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

  Detail detail = Detail::whole;  ///< how much of each event is sent

  bool needs_pre_images() const;
};

/// Merges the rules' subscriptions: one for each collection, wanting what any rule wants of it.
std::vector<Subscription> merge_subscriptions(const std::vector<Subscription>& all);

/// Appends the stages that follow $changeStream to the open array `pipeline`.
void append_stages(bson::Builder& pipeline, const StreamFilter& filter);

/// Appends the operator that holds where `name`, an expression for a name as an update's description gives
/// it, touches a field that is read of its collection. It may hold for a few more (a name where an index
/// should stand), never for fewer. It compares bytes: a regular expression fails on a name that is not UTF-8,
/// and the server would refuse the whole stream for one such name. Measured, it costs no more than the
/// expression.
void append_touches(bson::Builder& out, const std::vector<Subscription>& subscriptions,
                    std::string_view name);

}  // namespace sluice::source
