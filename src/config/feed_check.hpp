#pragma once

#include <string>

#include "sluice/config.hpp"

namespace sluice::config {

/// Why the instances cannot share a change stream. Empty if they can, or do not.
std::string why_no_feed(const Config& config);

/// Why it is no address to listen on, or has no use. Empty if it is one.
std::string why_no_feed_host(const FeedConfig& feed);

/// Why others cannot connect to the address, or it has no use. Empty if they can.
std::string why_no_feed_address(const FeedConfig& feed);

/// The name or address by which the others reach the instance. `machine`: this machine's name.
std::string feed_address(const FeedConfig& feed, const std::string& machine);

}  // namespace sluice::config
