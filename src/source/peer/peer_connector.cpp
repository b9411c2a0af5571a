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

}  // namespace

PeerConnector::Try PeerConnector::connect(const FindPeers& find, const std::set<std::string>& streams,
                                          const std::string& refused, const std::stop_token& stop) {
  Try result;
  auto peers = find(streams);
  std::ranges::stable_partition(peers, [&](const auto& peer) { return peer->name() != refused; });
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
    refused_ = read_;
  }
  next_ = given_up ? now : now + std::max<flow::Duration>(pause_, first_pause);
}

}  // namespace sluice::source
