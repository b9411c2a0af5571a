#include "source/peer/peer_connector.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace sluice::source {

namespace {

constexpr auto first_pause = std::chrono::seconds(1);
constexpr auto longest_pause = std::chrono::minutes(1);
/// A reader that was read for so long is worth a new try at once.
constexpr auto lasting = std::chrono::minutes(1);
constexpr std::size_t most_refused = 16;  // names that are remembered

}  // namespace

PeerConnector::Try PeerConnector::connect(const FindPeers& find, const std::set<std::string>& streams,
                                          const std::vector<std::string>& refused,
                                          const std::stop_token& stop) {
  Try result;
  auto peers = find(streams);
  const auto turn = [&](const auto& peer) {
    const auto found = std::ranges::find(refused, peer->name());
    return found == refused.end() ? 0 : found - refused.begin() + 1;
  };
  std::ranges::stable_sort(peers, {}, turn);
  for (auto& peer : peers) {
    std::string why = peer->connect(stop);
    if (why.empty()) return {std::move(peer), ""};
    result.why_not += (result.why_not.empty() ? "" : "; ") + peer->name() + ": " + why;
  }
  return result;
}

PeerConnector::Try PeerConnector::poll(const std::set<std::string>& streams) {
  if (!trying_.valid()) {
    const flow::Time now = now_();
    if (now < next_) return {};
    pause_ = std::clamp<flow::Duration>(2 * pause_, first_pause, longest_pause);
    next_ = now + pause_;
    trying_ = std::async(how_, connect, std::cref(find_), streams, refused_, stop_.get_token());
  }
  if (trying_.wait_for(std::chrono::seconds(0)) == std::future_status::timeout) return {};
  return trying_.get();
}

bool PeerConnector::is_news(const std::string& why_not) {
  return std::exchange(told_, why_not) != why_not;
}

void PeerConnector::refused(const std::string& name) {
  std::erase(refused_, name);
  if (refused_.size() == most_refused) refused_.erase(refused_.begin());
  refused_.push_back(name);
}

void PeerConnector::began(const std::string& name) {
  refused_.clear();
  read_ = name;
  began_ = now_();
}

void PeerConnector::ended(bool given_up) {
  const flow::Time now = now_();
  if (given_up || now - began_ >= lasting) {
    pause_ = {};
  } else {
    refused(read_);
  }
  next_ = given_up ? now : now + std::max<flow::Duration>(pause_, first_pause);
}

}  // namespace sluice::source
