#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "flow/read_detail.hpp"
#include "sluice/bson_builder.hpp"
#include "sluice/rule.hpp"
#include "source/numbered_subscriptions.hpp"

namespace sluice::source {

/// Which events of a database leave the server: compiled from what the rules read.
struct StreamFilter {
  std::vector<Subscription> subscriptions;  ///< one a collection, merged
  int shard_count = 1;
  int shard_index = 0;
  bool with_hash = false;  ///< have the server add the hash of the id, to honour an older shard layout

  bool with_session = false;  ///< a rule leaves out the pipeline's own changes, which are known by it

  Detail detail = Detail::whole;  ///< how much of each event is sent

  /// Those that the server alone can judge, by their numbers, and the others, merged; both empty where there
  /// is nothing to judge, and the pipeline then is what it is without.
  std::vector<Subscription> judged = {};
  std::vector<Subscription> plain = {};
  flow::Judging judging = flow::Judging::filter;
  bool pass_over = false;  ///< leave out events whose resume token is too large for any answer

  /// Whether a rule's expression is evaluated, and so may fail.
  bool has_expressions() const;

  /// What the stream is asked for: the most that a rule wants. (Never `required`'s own mode of the server, in
  /// which one missing image ends the stream: whoever requires an image looks for it himself.)
  FullDocument full_document() const;
  bool needs_pre_images() const;

  /// Whether every rule can do with the needed part of an event that is too large to be sent whole.
  bool parts_serve() const;
};

/// Merges the rules' subscriptions: one for each collection, wanting what any rule wants of it.
std::vector<Subscription> merge_subscriptions(const std::vector<Subscription>& all);

/// The filter for all that the rules subscribe to. `judged` holds the numbered subscriptions by their
/// numbers.
StreamFilter filter_of(const std::vector<NumberedSubscription>& all);

/// Appends the stages that follow $changeStream to the open array `pipeline`.
/// `resumed_at` is the token (its _data) behind which the stream is opened, if it is: the server looks for
/// the event of that token among those that pass the stages, so that one passes, and is not judged again.
void append_stages(bson::Builder& pipeline, const StreamFilter& filter, std::string_view resumed_at = {});

/// Appends the expression that holds where an event of one of these collections is wanted, by what it did
/// and, for updates, by what it touched.
void append_happening(bson::Builder& out, std::string_view key,
                      const std::vector<Subscription>& subscriptions);

/// Appends the operator that holds where `name`, an expression for a name as an update's description gives
/// it, touches a field that is read of its collection. It may hold for a few more (a name where an index
/// should stand), never for fewer. It compares bytes: a regular expression fails on a name that is not UTF-8,
/// and the server would refuse the whole stream for one such name. Measured, it costs no more than the
/// expression.
void append_touches(bson::Builder& out, const std::vector<Subscription>& subscriptions,
                    std::string_view name);

}  // namespace sluice::source
