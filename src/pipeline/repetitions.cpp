#include "pipeline/repetitions.hpp"

namespace sluice::pipeline {

namespace {

std::uint64_t hash_of(bson::View view, std::uint64_t seed) {
  return view ? bson::stable_hash(std::span(view.data(), view.size()), seed) : seed + 1;
}

/// What a change says, apart from when it was and which it is.
std::uint64_t content_of(const ChangeEvent& event, std::uint64_t seed) {
  std::uint64_t hash = bson::stable_hash(name_of(event.operation), seed);
  hash = hash_of(event.full_document, hash);
  for (const bson::View part : {event.document.at("documentKey").document(), event.update.updated,
                                event.update.removed, event.update.truncated}) {
    hash = hash_of(part, hash);
  }
  return hash;
}

/// A message with a text is that text; one with a payload holds the event, or what is made of it.
std::uint64_t content_of(const ChangeEvent& event, const Message& message, std::uint64_t seed) {
  std::uint64_t hash = bson::stable_hash(message.verb, seed);
  if (message.payload) return content_of(event, hash);
  hash = bson::stable_hash(message.address, hash);
  return bson::stable_hash(message.text, hash);
}

}  // namespace

Repetitions::Repetitions(const std::vector<std::unique_ptr<Rule>>& rules) {
  for (const auto& rule : rules) {
    const auto window = rule->conduct().dedup;
    any_ |= window.count() > 0;
    windows_.push_back(window.count() > 0 ? std::make_unique<flow::DedupWindow>(window.count()) : nullptr);
  }
}

bool Repetitions::repeated(const ChangeEvent& event, const Effect& effect) {
  flow::DedupWindow* window = windows_[effect.rule].get();
  if (window == nullptr) return false;
  std::uint64_t content = effect.key;
  if (const auto* put = std::get_if<Put>(&effect.body)) {
    content = hash_of(put->values, content);
  } else if (const auto* delivery = std::get_if<Deliver>(&effect.body)) {
    content = content_of(event, *delivery->message, content);
  } else {
    return false;
  }
  constexpr std::int64_t ms = 1000;
  const auto cluster_ms = static_cast<std::int64_t>(event.cluster_time >> 32) * ms;
  return window->repeated(content, event.wall_time_ms != 0 ? event.wall_time_ms : cluster_ms);
}

}  // namespace sluice::pipeline
