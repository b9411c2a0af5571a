#include "cli/views/relay_view.hpp"

#include <gtest/gtest.h>

namespace sluice::cli {
using operations::RelayStatus;

namespace {

RelayStatus some_relay() {
  return {.stream = "p/s",
          .log = "LOG",
          .problem = "",
          .exists = true,
          .messages = 1200,
          .bytes = 3 << 20,
          .writer = "host (process 7)",
          .written_to_s = 998,
          .now_s = 1000,
          .partitions = {{990, 987}, {0, 900}, {990, 0}}};
}

TEST(RelayViewTest, TellsTheLogItsWriterAndHowFarEachPartitionIs) {
  EXPECT_EQ(relay_text(some_relay()),
            "  relay LOG: 1200 messages, 3.0 MiB; written by host (process 7), 2 s behind MongoDB\n"
            "    partition 0: 3 s behind the relay\n"
            "    partition 1: nothing in the relay\n"
            "    partition 2: not read yet\n");
  const std::string json =
      R"json({"relay":"LOG","stream":"p/s","exists":true,"messages":1200,"bytes":3145728,"writer":"host (process 7)",)json"
      R"("behindSeconds":2,"partitions":[{"index":0,"behindSeconds":3},{"index":1},{"index":2}]})";
  EXPECT_EQ(relay_json(some_relay()), json);
}

TEST(RelayViewTest, LeavesOutASizeThatTheLogDoesNotTell) {
  RelayStatus relay = some_relay();
  relay.bytes.reset();
  relay.partitions.clear();
  EXPECT_EQ(relay_text(relay),
            "  relay LOG: 1200 messages; written by host (process 7), 2 s behind MongoDB\n");
  EXPECT_EQ(relay_json(relay).find("bytes"), std::string::npos);
}

TEST(RelayViewTest, NamesTheConsumerGroup) {
  RelayStatus relay = some_relay();
  relay.group = "workers";
  relay.partitions.clear();
  EXPECT_EQ(
      relay_text(relay),
      "  relay LOG: 1200 messages, 3.0 MiB; written by host (process 7), 2 s behind MongoDB; assigned by "
      "the consumer group workers\n");
  EXPECT_NE(relay_json(relay).find(R"("stream":"p/s","group":"workers")"), std::string::npos);
}

/// The partitions' positions in it, and whether somebody could write it, are not known then.
TEST(RelayViewTest, TellsWhyTheLogCannotBeReadAndNothingThatWouldNeedIt) {
  RelayStatus relay = some_relay();
  relay.problem = "no connection";
  EXPECT_EQ(relay_text(relay),
            "  relay LOG: cannot be read; written by host (process 7), 2 s behind MongoDB\n"
            "    no connection\n");
  EXPECT_EQ(relay_json(relay).find("messages"), std::string::npos);
  relay.writer.clear();
  relay.written_to_s = 0;
  EXPECT_EQ(relay_text(relay), "  relay LOG: cannot be read\n    no connection\n");
}

TEST(RelayViewTest, TellsThatThereIsNoLogYet) {
  RelayStatus relay = some_relay();
  relay.exists = false;
  relay.messages = 0;
  relay.writer.clear();
  relay.written_to_s = 0;
  relay.partitions = {{0, 0}};
  EXPECT_EQ(relay_text(relay),
            "  relay LOG: does not exist yet; nobody writes it\n"
            "    partition 0: nothing in the relay\n");
}

}  // namespace
}  // namespace sluice::cli
