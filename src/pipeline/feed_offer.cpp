#include "pipeline/feed_offer.hpp"

#include <chrono>
#include <utility>

#include "checkpoint/lease_holder.hpp"
#include "config/feed_check.hpp"
#include "source/peer/peer_link.hpp"

namespace sluice::pipeline {

namespace {

std::int64_t now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace

FeedOffer::FeedOffer(const Config& config, const Say& say) {
  if (!config.feed) return;
  const checkpoint::LeaseHolder self = checkpoint::LeaseHolder::self();
  const std::string secret = source::new_secret();
  server_ = std::make_unique<source::PeerServer>(
      source::PeerServer::Parts{config.feed.host, config.feed.port, secret, say});
  directory_ = std::make_shared<source::PeerDirectory>(
      Peer{self.instance, config::feed_address(config.feed, self.host), server_->port(), secret, now_ms()});
}

void FeedOffer::begin(std::weak_ptr<const source::Feeds> feeds) {
  if (!server_) return;
  server_->start([feeds = std::move(feeds)](const source::PeerRequest& request, std::string& why) {
    why = "it is stopping";
    const auto alive = feeds.lock();
    return alive ? alive->open_tap(request, why) : nullptr;
  });
}

void FeedOffer::stop() {
  if (server_) server_->stop();
}

}  // namespace sluice::pipeline
