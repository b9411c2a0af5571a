#include "source/resume_token.hpp"

#include <gtest/gtest.h>

#include "unit/bson/json.hpp"

namespace sluice::source {
namespace {

std::optional<std::uint64_t> time_of(const std::string& data) {
  test::Store store;
  return time_of_token(store.document(R"({"_data": ")" + data + "\"}"));
}

TEST(ResumeToken, TellsItsTime) {
  // Of a real server: an event's token, and the one of a place between events.
  EXPECT_EQ(time_of("8265F0C8A4000000022B022C0100296E5A1004"), (std::uint64_t{0x65F0C8A4} << 32) | 2);
  EXPECT_EQ(time_of("8265F0C8A4000000012B0429296E1404"), (std::uint64_t{0x65F0C8A4} << 32) | 1);
}

TEST(ResumeToken, TellsNothingWhereItIsBuiltInAnotherWay) {
  for (const char* data : {"", "82", "8265F0C8A400000001"}) {
    EXPECT_EQ(time_of(data).has_value(), std::string_view(data).size() >= 18) << data;
  }
  EXPECT_FALSE(time_of("8165F0C8A4000000012B0429296E1404"));
  EXPECT_FALSE(time_of("8265F0C8A40000000Z2B0429296E1404"));
  EXPECT_FALSE(time_of_token({}));
}

}  // namespace
}  // namespace sluice::source
