#include "rules/shared/super_stream.hpp"

#include <bit>
#include <cstddef>

namespace sluice::rules {

namespace {

constexpr std::uint32_t stream_clients_seed = 104729;  // of all RabbitMQ stream clients

std::uint32_t scrambled(std::uint32_t block) {
  return std::rotl(block * 0xCC9E2D51U, 15) * 0x1B873593U;
}

/// Up to four bytes, the first of which is the lowest.
std::uint32_t block_of(std::string_view bytes) {
  std::uint32_t block = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    block |= std::uint32_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  return block;
}

}  // namespace

std::uint32_t murmur3(std::string_view bytes, std::uint32_t seed) {
  std::uint32_t hash = seed;
  std::string_view rest = bytes;
  for (; rest.size() >= 4; rest.remove_prefix(4))
    hash = std::rotl(hash ^ scrambled(block_of(rest.substr(0, 4))), 13) * 5 + 0xE6546B64U;
  hash ^= scrambled(block_of(rest));
  hash ^= static_cast<std::uint32_t>(bytes.size());
  hash = (hash ^ hash >> 16) * 0x85EBCA6BU;
  hash = (hash ^ hash >> 13) * 0xC2B2AE35U;
  return hash ^ hash >> 16;
}

std::uint32_t super_stream_partition(std::string_view routing_key, std::uint32_t partitions) {
  return murmur3(routing_key, stream_clients_seed) % partitions;
}

}  // namespace sluice::rules
