#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::rules {

/// MurmurHash3 of 32 bits, for x86.
std::uint32_t murmur3(std::string_view bytes, std::uint32_t seed);

/// The partition of a super stream that RabbitMQ's stream clients choose for a routing key, from 0 to
/// `partitions` - 1. `partitions` must not be 0.
std::uint32_t super_stream_partition(std::string_view routing_key, std::uint32_t partitions);

}  // namespace sluice::rules
