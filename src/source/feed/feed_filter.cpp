#include "source/feed/feed_filter.hpp"

#include <algorithm>
#include <set>

#include "sluice/bson_builder.hpp"
#include "text/hex.hpp"

namespace sluice::source {

namespace {

/// The stages that the server runs for these subscriptions: lists with equal stages are equal.
std::string stages_of(const std::vector<NumberedSubscription>& subscriptions) {
  bson::Builder stages;
  stages.open_array("pipeline");
  append_stages(stages, filter_of(subscriptions));
  stages.close();
  const bson::View view = stages.finish();
  return {reinterpret_cast<const char*>(view.data()), view.size()};
}

/// What is removed from the events of each collection.
std::set<std::string> narrowing_of(const FeedNeeds& needs) {
  std::set<std::string> all;
  for (const Subscription& one : filter_of(needs.subscriptions).subscriptions) {
    if (one.redacted.empty() && one.projected.empty()) continue;
    std::string text = one.collection;
    for (const auto& path : std::set(one.redacted.begin(), one.redacted.end())) text += "\n-" + path;
    for (const auto& path : std::set(one.projected.begin(), one.projected.end())) text += "\n+" + path;
    all.insert(std::move(text));
  }
  return all;
}

std::set<std::string> made_names(const FeedNeeds& needs) {
  std::set<std::string> names;
  for (const NumberedSubscription& one : needs.subscriptions) {
    if (!one.subscription.made.empty()) names.insert(one.subscription.made_name);
  }
  return names;
}

std::string hash_of(const std::set<std::string>& texts) {
  std::string all;
  for (const auto& text : texts) all += std::to_string(text.size()) + ":" + text;
  return text::hex(bson::stable_hash(all, 0)) + text::hex(bson::stable_hash(all, 1));
}

bool share_a_made_name(const FeedNeeds& one, const FeedNeeds& other) {
  const auto names = made_names(one);
  return std::ranges::any_of(made_names(other), [&](const auto& name) { return names.contains(name); });
}

}  // namespace

FeedNeeds::FeedNeeds(std::vector<NumberedSubscription> all, int count, int index, std::string of_stream)
    : stream(std::move(of_stream)),
      subscriptions(std::move(all)),
      list(stages_of(subscriptions)),
      shard_count(count),
      shards{index} {}

FeedNeeds FeedNeeds::of_others(std::string identity, int count, std::vector<int> all) {
  FeedNeeds needs;
  needs.identity = std::move(identity);
  needs.shard_count = count;
  needs.shards = std::move(all);
  return needs;
}

StreamFilter FeedNeeds::filter() const {
  StreamFilter filter = filter_of(subscriptions);
  filter.shard_count = shard_count;
  filter.shards = shards;
  return filter;
}

std::optional<std::string> why_apart(const FeedNeeds& one, const FeedNeeds& other) {
  if (one.list == other.list) return std::nullopt;
  const StreamFilter first = filter_of(one.subscriptions);
  const StreamFilter second = filter_of(other.subscriptions);
  if (first.full_document() != second.full_document())
    return "their rules need the document after an update in different ways";
  if (first.needs_pre_images() != second.needs_pre_images())
    return "only the rules of one need the document before the change";
  if (first.with_session != second.with_session)
    return "only the rules of one ignore the pipeline's own changes";
  if (narrowing_of(one) != narrowing_of(other)) return "their rules redact or project different fields";
  if (share_a_made_name(one, other)) return "they have rules of the same name with computed values";
  return std::nullopt;
}

FeedFilter::FeedFilter(const std::vector<const FeedNeeds*>& readers) {
  std::map<std::string, const FeedNeeds*> lists;
  std::set<int> counts;
  std::set<int> shards;
  std::set<std::string> parts;
  for (const FeedNeeds* one : readers) {
    counts.insert(one->shard_count);
    shards.insert(one->shards.begin(), one->shards.end());
    divides_ |= one->shard_count > 1;
    if (one->takes_what_others_take()) continue;
    lists.emplace(one->list, one);
    streams_.insert(one->stream);
    parts.insert(one->stream + "\n" + one->list);
  }
  identity_ = hash_of(parts);
  std::vector<NumberedSubscription> all;
  std::int64_t next = 0;
  for (const auto& [list, needs] : lists) {
    const std::int64_t first = next;
    first_numbers_[list] = first;
    for (NumberedSubscription one : needs->subscriptions) {
      if (one.number) next = std::max(next, (*one.number += first) + 1);
      all.push_back(std::move(one));
    }
  }
  filter_ = filter_of(all);
  // Readers that divide the documents differently need all of them.
  if (counts.size() != 1) return;
  filter_.shard_count = *counts.begin();
  filter_.shards.assign(shards.begin(), shards.end());
}

bool FeedFilter::covers(const FeedNeeds& needs) const {
  const bool reads_all =
      needs.takes_what_others_take() ? needs.identity == identity_ : first_numbers_.contains(needs.list);
  if (!reads_all) return false;
  if (filter_.every_shard()) return true;
  return filter_.shard_count == needs.shard_count && std::ranges::includes(filter_.shards, needs.shards);
}

bool FeedFilter::equals(const FeedFilter& other) const {
  return first_numbers_ == other.first_numbers_ && filter_.shard_count == other.filter_.shard_count &&
         filter_.shards == other.filter_.shards;
}

std::int64_t FeedFilter::first_number(const FeedNeeds& needs) const {
  const auto found = first_numbers_.find(needs.list);
  return found == first_numbers_.end() ? 0 : found->second;
}

}  // namespace sluice::source
