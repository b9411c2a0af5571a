#include "core/relay_log.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(RelayHeaderTest, ComesBackFromItsText) {
  const RelayHeader header{"0af3", 12345678901, 2, 5};
  const auto read = RelayHeader::parse(header.text());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->version, "0af3");
  EXPECT_EQ(read->previous, 12345678901u);
  EXPECT_EQ(read->part, 2);
  EXPECT_EQ(read->parts, 5);
}

TEST(RelayHeaderTest, NothingElseIsOne) {
  for (const char* text : {"", " ", "v", "v 1", "v 1 0", "v 1 1 1", "v 1 -1 1", "v x 0 1", "v 1 0 1 ",
                           " 1 0 1", "v  1 0 1", "v 99999999999999999999 0 1"}) {
    EXPECT_FALSE(RelayHeader::parse(text)) << text;
  }
}

TEST(RelayRecordTest, ItsTokenIsTheIdWithoutWhatTellsCopiesApart) {
  RelayRecord record;
  record.id = "8265ab";
  EXPECT_EQ(record.token(), "8265ab");
  record.id = "8265ab/3/0";
  EXPECT_EQ(record.token(), "8265ab");
}

}  // namespace
}  // namespace sluice
