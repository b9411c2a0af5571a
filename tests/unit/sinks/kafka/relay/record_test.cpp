#include "sinks/kafka/relay/record.hpp"

#include <gtest/gtest.h>

namespace sluice::sinks::kafka {
namespace {

std::string text_of(const Headers& headers, const char* name) {
  const void* value = nullptr;
  std::size_t size = 0;
  EXPECT_EQ(rd_kafka_header_get_last(headers.get(), name, &value, &size), RD_KAFKA_RESP_ERR_NO_ERROR) << name;
  return {static_cast<const char*>(value), size};
}

TEST(KafkaRelayRecord, ComesBackFromItsHeaders) {
  const Headers headers = relay_headers("8265ab/1/2", {"own-v", 17, 2, 3}, 1'700'000'000'000'001);
  const auto record = relay_record_of(text_of(headers, relay_id_header), text_of(headers, relay_header),
                                      text_of(headers, relay_sequence_header));
  ASSERT_TRUE(record);
  EXPECT_EQ(record->token(), "8265ab");
  EXPECT_EQ(record->sequence, 1'700'000'000'000'001U);
  EXPECT_EQ(record->header.version, "own-v");
  EXPECT_EQ(record->header.previous, 17U);
  EXPECT_EQ(record->header.part, 2);
  EXPECT_EQ(record->header.parts, 3);
}

TEST(KafkaRelayRecord, NothingElseIsOne) {
  EXPECT_TRUE(relay_record_of("id", "o-v 1 0 1", "2"));
  EXPECT_FALSE(relay_record_of("", "o-v 1 0 1", "2"));
  EXPECT_FALSE(relay_record_of("id", "o-v 1 0", "2"));
  EXPECT_FALSE(relay_record_of("id", "o-v 1 0 1", ""));
  EXPECT_FALSE(relay_record_of("id", "o-v 1 0 1", "2x"));
  EXPECT_FALSE(relay_record_of("id", "o-v 1 0 1", "-2"));
}

}  // namespace
}  // namespace sluice::sinks::kafka
