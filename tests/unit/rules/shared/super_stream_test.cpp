#include "rules/shared/super_stream.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sluice::rules {
namespace {

/// The values that RabbitMQ's clients test theirs with.
TEST(SuperStream, HashesAsStreamClientsDo) {
  EXPECT_EQ(murmur3("hello", 104729), 1321743225U);
  EXPECT_EQ(murmur3("brave", 104729), 3825276426U);
  EXPECT_EQ(murmur3("new", 104729), 2970740106U);
  EXPECT_EQ(murmur3("world", 104729), 2453398188U);
  EXPECT_EQ(murmur3("hello", 42), 3806057185U);
  EXPECT_EQ(murmur3("", 0), 0U);
}

TEST(SuperStream, ChoosesThePartitionThatStreamClientsChoose) {
  const std::string partitions = "1012020102";  // of hello1 to hello10
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    EXPECT_EQ(super_stream_partition("hello" + std::to_string(i + 1), 3),
              static_cast<std::uint32_t>(partitions[i] - '0'))
        << "hello" << i + 1;
  }
  EXPECT_EQ(super_stream_partition("hello88", 3), 1U);
  EXPECT_EQ(super_stream_partition("anything", 1), 0U);
}

}  // namespace
}  // namespace sluice::rules
