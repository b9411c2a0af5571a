#include "pipeline/deduplicator.hpp"

#include <algorithm>

namespace sluice::pipeline {

namespace {

std::uint64_t hash_of(bson::View view, std::uint64_t seed) {
  return view ? bson::stable_hash(std::span(view.data(), view.size()), seed) : seed + 1;
}

/// A hash of what a change contains, without its time and token.
std::uint64_t content_of(const ChangeEvent& event, std::uint64_t seed) {
  std::uint64_t hash = bson::stable_hash(name_of(event.operation), seed);
  hash = hash_of(event.full_document, hash);
  for (const bson::View part : {event.document.at("documentKey").document(), event.update.updated,
                                event.update.removed, event.update.truncated}) {
    hash = hash_of(part, hash);
  }
  return hash;
}

/// A hash of a message's content: its address and text or, if it has a payload, the event that the payload is
/// made of.
std::uint64_t content_of(const ChangeEvent& event, const Message& message, std::uint64_t seed) {
  std::uint64_t hash = bson::stable_hash(message.verb, seed);
  if (message.payload) return content_of(event, hash);
  hash = bson::stable_hash(message.address, hash);
  return bson::stable_hash(message.text, hash);
}

std::int64_t time_of(const ChangeEvent& event) {
  constexpr std::int64_t ms = 1000;
  const auto cluster_ms = static_cast<std::int64_t>(event.cluster_time >> 32) * ms;
  return event.wall_time_ms != 0 ? event.wall_time_ms : cluster_ms;
}

}  // namespace

Deduplicator::Deduplicator(const std::vector<std::unique_ptr<Rule>>& rules) {
  FullDocument strongest = FullDocument::off;
  for (const auto& rule : rules) {
    windows_.add(rule->options().dedup.count());
    FullDocument wanted = FullDocument::off;
    for (const Subscription& one : rule->subscriptions()) wanted = std::max(wanted, one.full_document);
    strongest = std::max(strongest, wanted);
    rules_.push_back({rule->name(), wanted != FullDocument::off});
  }
  // The stream requests one kind of full document for all rules.
  for (Asked& rule : rules_) rule.looks_up = rule.looks_up && strongest == FullDocument::look_up;
}

void Deduplicator::restore(const std::optional<std::vector<checkpoint::DedupRecord>>& stored) {
  for (std::size_t rule = 0; rule < rules_.size(); ++rule) {
    const flow::DedupWindow::Stored* found = nullptr;
    if (stored) {
      const auto one = std::ranges::find(*stored, rules_[rule].name, &checkpoint::DedupRecord::rule);
      if (one != stored->end()) found = &one->window;
    }
    windows_.restore(rule, found);
  }
}

std::vector<checkpoint::DedupRecord> Deduplicator::stored() const {
  std::size_t count = 0;
  for (std::size_t rule = 0; rule < rules_.size(); ++rule) count += windows_.has(rule) ? 1 : 0;
  std::vector<checkpoint::DedupRecord> stored;
  for (std::size_t rule = 0; rule < rules_.size(); ++rule) {
    if (!windows_.has(rule)) continue;
    stored.push_back({rules_[rule].name, windows_.stored(rule, checkpoint::most_stored_repetitions / count)});
  }
  return stored;
}

bool Deduplicator::unsure(const ChangeEvent& event, std::size_t rule) const {
  if (!windows_.has(rule)) return false;
  return windows_.inexact(rule) || (rules_[rule].looks_up && event.operation == Operation::update);
}

void Deduplicator::left_out(const ChangeEvent& event, std::size_t rule) {
  windows_.left_out(rule, time_of(event));
}

bool Deduplicator::repeated(const ChangeEvent& event, const Effect& effect) {
  if (!windows_.has(effect.rule)) return false;
  std::uint64_t content = effect.key;
  if (const auto* put = std::get_if<Put>(&effect.body)) {
    content = hash_of(put->values, content);
  } else if (const auto* delivery = std::get_if<Deliver>(&effect.body)) {
    content = content_of(event, *delivery->message, content);
  } else {
    return false;
  }
  return windows_.repeated(effect.rule, content, time_of(event));
}

}  // namespace sluice::pipeline
