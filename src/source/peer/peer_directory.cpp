#include "source/peer/peer_directory.hpp"

#include <algorithm>
#include <utility>

namespace sluice::source {

namespace {

constexpr std::size_t most_tried = 3;
/// A try to reach an instance may take a second, in which the change stream is not read.
constexpr auto first_pause = std::chrono::seconds(1);
constexpr auto longest_pause = std::chrono::minutes(5);

}  // namespace

void PeerDirectory::tell(const std::string& stream, std::vector<Peer> members) {
  const std::lock_guard lock(mutex_);
  members_[stream] = std::move(members);
  std::erase_if(failures_, [this](const auto& failure) {
    return std::ranges::none_of(members_, [&](const auto& of_stream) {
      return std::ranges::find(of_stream.second, failure.first, &Peer::instance) != of_stream.second.end();
    });
  });
}

void PeerDirectory::reached(const std::string& instance, bool yes) {
  const std::lock_guard lock(mutex_);
  if (yes) {
    failures_.erase(instance);
    return;
  }
  Failure& failure = failures_[instance];
  failure.pause = std::clamp<flow::Duration>(2 * failure.pause, first_pause, longest_pause);
  failure.until = now_() + failure.pause;
}

void PeerDirectory::follow(const std::set<std::string>& streams, const std::string& peer) {
  const std::lock_guard lock(mutex_);
  for (const std::string& stream : streams) followed_[stream] = peer;
}

std::string PeerDirectory::followed(const std::string& stream) const {
  const std::lock_guard lock(mutex_);
  const auto found = followed_.find(stream);
  return found == followed_.end() ? "" : found->second;
}

std::vector<Peer> PeerDirectory::earlier(const std::set<std::string>& streams) const {
  const std::lock_guard lock(mutex_);
  const auto is_member = [this](const std::string& stream, const Peer& peer) {
    const auto found = members_.find(stream);
    return found != members_.end() &&
           std::ranges::find(found->second, peer.instance, &Peer::instance) != found->second.end();
  };
  std::vector<Peer> found;
  const auto first = streams.empty() ? members_.end() : members_.find(*streams.begin());
  if (first == members_.end()) return found;
  const flow::Time now = now_();
  const auto is_avoided = [&](const Peer& peer) {
    const auto failure = failures_.find(peer.instance);
    return failure != failures_.end() && now < failure->second.until;
  };
  std::ranges::copy_if(first->second, std::back_inserter(found), [&](const Peer& peer) {
    return peer.is_before(self_) && !is_avoided(peer) &&
           std::ranges::all_of(streams, [&](const auto& stream) { return is_member(stream, peer); });
  });
  std::ranges::sort(found, &Peer::is_before);
  if (found.size() > most_tried) found.resize(most_tried);
  return found;
}

}  // namespace sluice::source
