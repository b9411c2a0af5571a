#include "config/feed_check.hpp"

#include <arpa/inet.h>

#include <array>

namespace sluice::config {

std::string why_no_feed(const Config& config) {
  if (!config.feed) return "";
  if (!config.clustered())
    return "the instances of a cluster share a change stream, and this is none; set cluster.partitions";
  if (config.relay) return "with a relay all instances read its log; remove either 'relay' or this";
  return "";
}

std::string why_no_feed_host(const FeedConfig& feed) {
  if (!feed) return "";
  std::array<unsigned char, sizeof(in6_addr)> parsed{};
  if (::inet_pton(AF_INET, feed.host.c_str(), parsed.data()) == 1) return "";
  if (::inet_pton(AF_INET6, feed.host.c_str(), parsed.data()) == 1) return "";
  return "the feed's host must be an IP address of this machine, such as 0.0.0.0 for all, not '" + feed.host + "'";
}

}  // namespace sluice::config
