#include "source/peer/peer_directory.hpp"

#include <algorithm>
#include <utility>

namespace sluice::source {

namespace {

constexpr std::size_t most_tried = 3;

}  // namespace

void PeerDirectory::tell(const std::string& stream, std::vector<Peer> members) {
  const std::lock_guard lock(mutex_);
  members_[stream] = std::move(members);
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
  std::ranges::copy_if(first->second, std::back_inserter(found), [&](const Peer& peer) {
    return peer.is_before(self_) &&
           std::ranges::all_of(streams, [&](const auto& stream) { return is_member(stream, peer); });
  });
  std::ranges::sort(found, &Peer::is_before);
  if (found.size() > most_tried) found.resize(most_tried);
  return found;
}

}  // namespace sluice::source
