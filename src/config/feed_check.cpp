#include "config/feed_check.hpp"

#include <arpa/inet.h>

#include <array>

namespace sluice::config {

std::string why_no_feed(const Config& config) {
  if (!config.feed) return "";
  if (!config.clustered())
    return "cluster.feed_port is for the instances of a cluster; set cluster.partitions too";
  if (config.relay)
    return "cluster.feed_port has no use with a relay, whose log all instances read; remove one of them";
  if (config.feed.port == config.http_port)
    return "cluster.feed_port must not be the port of the HTTP server";
  return "";
}

std::string why_no_feed_host(const FeedConfig& feed) {
  if (!feed)
    return feed.host == FeedConfig().host ? "" : "cluster.feed_host has no use without cluster.feed_port";
  std::array<unsigned char, sizeof(in6_addr)> parsed{};
  if (::inet_pton(AF_INET, feed.host.c_str(), parsed.data()) == 1) return "";
  if (::inet_pton(AF_INET6, feed.host.c_str(), parsed.data()) == 1) return "";
  return "cluster.feed_host must be an IP address of this machine, such as 0.0.0.0 for all, not '" +
         feed.host + "'";
}

std::string why_no_feed_address(const FeedConfig& feed) {
  if (feed.address.empty()) return "";
  if (!feed) return "cluster.feed_address has no use without cluster.feed_port";
  std::array<unsigned char, sizeof(in6_addr)> parsed{};
  const bool is_ipv6 = ::inet_pton(AF_INET6, feed.address.c_str(), parsed.data()) == 1;
  if (is_ipv6 || feed.address.find_first_of(" \t:/[]") == std::string::npos) return "";
  return "cluster.feed_address must be a host name or an IP address, without a port, not '" + feed.address +
         "'";
}

std::string feed_address(const FeedConfig& feed, const std::string& machine) {
  if (!feed.address.empty()) return feed.address;
  const bool everywhere = feed.host == "0.0.0.0" || feed.host == "::";
  return everywhere ? machine : feed.host;
}

}  // namespace sluice::config
