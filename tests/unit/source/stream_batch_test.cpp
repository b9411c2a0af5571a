#include "source/stream_batch.hpp"

#include <gtest/gtest.h>

#include "sluice/bson_builder.hpp"

namespace sluice::source {
namespace {

Position position(const std::string& data, std::uint64_t time, bool at_event) {
  bson::Builder token;
  return Position::of(token.append("_data", data).finish(), time, at_event);
}

TEST(EmptyBatch, EndsAtItsPosition) {
  for (const bool at_event : {false, true}) {
    std::unique_ptr<StreamBatch> batch;
    {
      const Position at = position("82ab", 77, at_event);
      batch = empty_batch(at, 90);
    }
    EXPECT_TRUE(batch->events.empty());
    EXPECT_EQ(batch->size, 0U);
    EXPECT_EQ(batch->operation_time, 90U);
    const Position end = end_of(*batch);
    EXPECT_EQ(end.data(), "82ab");
    EXPECT_EQ(end.cluster_time, 77U);
    EXPECT_EQ(end.at_event, at_event);
  }
}

TEST(EmptyBatch, DoesNotTellAnEarlierTimeThanThatOfItsPosition) {
  EXPECT_EQ(empty_batch(position("82ab", 77, false), 0)->operation_time, 77U);
}

}  // namespace
}  // namespace sluice::source
