#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "flow/read_detail.hpp"
#include "sluice/bson_builder.hpp"
#include "sluice/rule.hpp"
#include "source/numbered_subscriptions.hpp"

namespace sluice::source {

/// Which events of a database the server sends, and how much of each. Compiled from the rules' subscriptions.
struct StreamFilter {
  std::vector<Subscription> subscriptions;  ///< merged: one for each collection
  int shard_count = 1;                      ///< a document's shard is the hash of its id modulo this
  std::vector<int> shards = {0};            ///< whose documents are sent; ascending, without duplicates

  /// A rule ignores the pipeline's own changes: the session's id, which identifies them, is sent.
  bool with_session = false;

  Detail detail = Detail::whole;  ///< how much of each event is sent

  /// `judged`: the subscriptions that only the server can decide (see server_judges()), by their numbers.
  /// `plain`: the others, merged. If there is nothing to judge both are empty, and the pipeline has no stages
  /// for them.
  std::vector<Subscription> judged = {};
  std::vector<Subscription> plain = {};
  flow::Judging judging = flow::Judging::filter;
  bool pass_over = false;  ///< the server drops events whose resume token is too large for any answer

  /// Whether the documents of all shards are sent.
  bool every_shard() const { return shards.size() >= static_cast<std::size_t>(shard_count); }

  /// Whether the server evaluates an expression of a rule, which may fail.
  bool has_expressions() const;

  /// What the stream requests: the strongest setting of any rule. It never requests the server's own
  /// `required` mode, in which one missing image ends the stream. Rules that require an image check for it
  /// themselves.
  FullDocument full_document() const;
  bool needs_pre_images() const;

  /// Whether every rule can work with only the needed part of an event that is too large to be sent whole.
  bool parts_serve() const;
};

/// Merges the subscriptions of each collection into one that asks for whatever any of them asks for.
std::vector<Subscription> merge_subscriptions(const std::vector<Subscription>& all);

/// The filter for all subscriptions of the rules. `judged` is indexed by the subscriptions' numbers.
StreamFilter filter_of(const std::vector<NumberedSubscription>& all);

/// Appends the stages that follow $changeStream to the open array `pipeline`. `resumed_at` is the token (its
/// _data) after which the stream is opened; empty if none. The server looks for the event of that token among
/// those that pass the stages. So that event always passes, and no expression is evaluated on it again.
void append_stages(bson::Builder& pipeline, const StreamFilter& filter, std::string_view resumed_at = {});

/// Appends an expression that is true if one of the subscriptions asks for the event, by its operation and,
/// for an update, by the fields it touches.
void append_happening(bson::Builder& out, std::string_view key,
                      const std::vector<Subscription>& subscriptions);

/// Appends an operator that is true if `name` touches a field that is read of its collection. `name` is an
/// expression for a field name as in an update's description. The operator may be true for a few more names
/// (one with a name where an array's index belongs), never for fewer. It compares bytes: a regular expression
/// fails on a name that is not UTF-8, and for one such name the server would refuse the whole stream.
/// Measured, it costs no more than a regular expression.
void append_touches(bson::Builder& out, const std::vector<Subscription>& subscriptions,
                    std::string_view name);

}  // namespace sluice::source
