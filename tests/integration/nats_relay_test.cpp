#include <gtest/gtest.h>

#include "sinks/jetstream/connection.hpp"
#include "sinks/jetstream/relay.hpp"
#include "support/nats_server.hpp"

namespace sluice::test {
namespace {

using sinks::jetstream::Connection;
using sinks::jetstream::JetStreamRelay;
using sinks::jetstream::Msg;
using sinks::jetstream::Subscription;

constexpr auto patience = std::chrono::seconds(20);

/// The writer's end of a relay's log in JetStream.
class NatsRelay : public testing::Test {
 protected:
  NatsRelay() {
    config_.url = server_.url();
    StreamShape shape;
    shape.name = "R";
    shape.subjects = shape.needed = {"R.*"};
    relay_ = std::make_unique<JetStreamRelay>(config_, shape, [](const std::string&) {});
    EXPECT_FALSE(relay_->prepare());
    EXPECT_FALSE(relay_->write(appender_));
  }

  std::optional<Error> append(std::uint64_t behind) {
    const std::vector<std::uint8_t> body{1, 2, 3};
    const std::string id = "id" + std::to_string(++ids_);
    return appender_->append(static_cast<int>(behind % 4), id, {"version", 0, 0, 1}, body, behind);
  }
  std::optional<Error> flight(std::size_t records) {
    appender_->begin();
    for (std::size_t i = 0; i < records; ++i) {
      if (auto error = append(last_ + i)) return error;
    }
    if (auto error = appender_->flush()) return error;
    last_ += records;
    return appender_->land(patience, {});
  }
  /// So many that no message of an earlier writer can match the log's end.
  void outrun_earlier_writers() { ASSERT_FALSE(flight(RelayAppender::most_records)); }

  std::uint64_t stored() {
    RelayState state;
    EXPECT_FALSE(relay_->look(state));
    return state.last;
  }

  NatsServer server_;
  NatsConfig config_;
  std::unique_ptr<JetStreamRelay> relay_;
  std::unique_ptr<RelayAppender> appender_;
  std::uint64_t last_ = 0;
  int ids_ = 0;
};

TEST_F(NatsRelay, EachRecordIsAcknowledgedUntilEarlierWritersAreOutrun) {
  auto opened = Connection::open(config_);
  const auto connection = std::get<std::shared_ptr<Connection>>(std::move(opened));
  natsSubscription* made = nullptr;
  ASSERT_EQ(natsConnection_SubscribeSync(&made, connection->get(), "_INBOX.>"), NATS_OK);
  const Subscription acknowledgements(connection, made);
  ASSERT_EQ(natsConnection_Flush(connection->get()), NATS_OK);
  const auto came = [&] {
    EXPECT_EQ(natsConnection_Flush(connection->get()), NATS_OK);
    int count = 0;
    natsMsg* got = nullptr;
    while (natsSubscription_NextMsg(&got, made, 100) == NATS_OK) {
      const Msg owned(got);
      ++count;
    }
    return count;
  };
  ASSERT_FALSE(flight(100));
  EXPECT_EQ(came(), 100);
  outrun_earlier_writers();
  EXPECT_EQ(came(), static_cast<int>(RelayAppender::most_records));
  ASSERT_FALSE(flight(100));
  EXPECT_EQ(came(), 1);
  EXPECT_EQ(stored(), RelayAppender::most_records + 200);
}

TEST_F(NatsRelay, ARecordThatIsNotStoredFailsItsFlightAlthoughOnlyTheLastIsAcknowledged) {
  outrun_earlier_writers();
  appender_->begin();
  for (const std::uint64_t behind : {0, 1, 7, 3}) ASSERT_FALSE(append(last_ + behind));
  ASSERT_FALSE(appender_->flush());
  EXPECT_TRUE(appender_->land(patience, {})) << "the third expects another end of the log";
  EXPECT_EQ(stored(), last_ + 2);
}

TEST_F(NatsRelay, AForeignMessageInTheMiddleOfAFlightIsNoticed) {
  outrun_earlier_writers();
  appender_->begin();
  ASSERT_FALSE(append(last_));
  ASSERT_FALSE(appender_->flush());
  ASSERT_TRUE(appender_->settled(patience, {}));
  auto opened = Connection::open(config_);
  const auto connection = std::get<std::shared_ptr<Connection>>(std::move(opened));
  natsMsg* answer = nullptr;
  ASSERT_EQ(natsConnection_RequestString(&answer, connection->get(), "R.0", "foreign", 5000), NATS_OK);
  const Msg owned(answer);
  ASSERT_EQ(stored(), last_ + 2);
  ASSERT_FALSE(append(last_ + 1));  // its place is taken
  ASSERT_FALSE(append(last_ + 2));  // matches the log's end again
  ASSERT_FALSE(appender_->flush());
  EXPECT_TRUE(appender_->land(patience, {}));
  EXPECT_EQ(stored(), last_ + 2);
}

TEST_F(NatsRelay, WhatFollowsAFlushIsAcknowledgedToo) {
  outrun_earlier_writers();
  appender_->begin();
  for (int i = 0; i < 10; ++i) {
    ASSERT_FALSE(append(last_ + i));
    ASSERT_FALSE(appender_->flush());
    ASSERT_TRUE(appender_->settled(patience, {}));
    EXPECT_EQ(stored(), last_ + i + 1);
  }
  EXPECT_FALSE(appender_->land(patience, {}));
}

/// Both writers write the same events behind the same end of the log.
TEST_F(NatsRelay, AnEarlierWriterThatTakesARecordsPlaceIsNoticed) {
  ASSERT_FALSE(flight(1));
  const auto earlier = std::move(appender_);
  ASSERT_FALSE(relay_->write(appender_));
  const auto event = [this](RelayAppender& writer, int number) {
    const std::vector<std::uint8_t> body{1};
    return writer.append(0, "event" + std::to_string(number), {"version", 0, 0, 1}, body, last_ + number);
  };
  appender_->begin();
  ASSERT_FALSE(event(*appender_, 0));
  ASSERT_TRUE(appender_->settled(patience, {}));
  earlier->begin();
  ASSERT_FALSE(event(*earlier, 0));  // too late
  ASSERT_FALSE(event(*earlier, 1));  // matches the end that the other one has made
  ASSERT_TRUE(earlier->settled(patience, {}));
  EXPECT_TRUE(earlier->land(patience, {}));
  ASSERT_EQ(stored(), last_ + 2);
  ASSERT_FALSE(event(*appender_, 1));  // its place is taken
  ASSERT_FALSE(event(*appender_, 2));
  EXPECT_TRUE(appender_->land(patience, {}));
}

TEST_F(NatsRelay, AnEarlierWriterTakesNoPlaceBehindAnotherRecord) {
  ASSERT_FALSE(flight(1));
  const auto earlier = std::move(appender_);
  ASSERT_FALSE(relay_->write(appender_));
  ASSERT_FALSE(flight(1));
  const std::vector<std::uint8_t> body{1};
  earlier->begin();
  ASSERT_FALSE(earlier->append(0, "other", {"version", 0, 0, 1}, body, last_));
  EXPECT_TRUE(earlier->land(patience, {}));
  EXPECT_EQ(stored(), last_);
}

}  // namespace
}  // namespace sluice::test
