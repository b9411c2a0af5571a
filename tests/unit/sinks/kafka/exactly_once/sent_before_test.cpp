#include "sinks/kafka/exactly_once/sent_before.hpp"

#include <gtest/gtest.h>

#include <random>

namespace sluice::sinks::kafka {
namespace {

const LaneName own{"p/s", 1, 2, 0, 4};

PositionRecord up_to(const std::string& position) {
  return {1, position, {}, false};
}

PlacedMessage message(std::uint64_t key, std::string_view position, std::uint64_t hash = 0) {
  return {key, hash, position, "topic", "id"};
}

TEST(KafkaSentBefore, ARecordCoversTheMessagesUpToItsPosition) {
  EXPECT_TRUE(covers(up_to("82B"), message(0, "82A")));
  EXPECT_TRUE(covers(up_to("82B"), message(0, "82B")));
  EXPECT_FALSE(covers(up_to("82B"), message(0, "82C")));
  EXPECT_FALSE(covers(up_to(""), message(0, "82A")));
}

TEST(KafkaSentBefore, ASnapshotHasNoPositionAndIsNeverCovered) {
  EXPECT_FALSE(covers(up_to("82B"), message(0, "")));
  const SentByOthers others({{LaneName{"p/s", 1, 2, 0, 1}.id(), up_to("82B")}}, own);
  EXPECT_EQ(others.sent(message(0, "")), SentBefore::no);
}

TEST(KafkaSentBefore, ARefusedMessageIsNotCovered) {
  PositionRecord record = up_to("82B");
  record.refused = {refused_name("topic", "id")};
  EXPECT_FALSE(covers(record, message(0, "82A")));
  EXPECT_TRUE(covers(record, {0, 0, "82A", "topic", "another"}));
  EXPECT_TRUE(covers(record, {0, 0, "82A", "another", "id"}));
}

TEST(KafkaSentBefore, AnotherNumberOfLanesDividesTheKeysInAnotherWay) {
  const LaneName before{"p/s", 1, 2, 0, 3};
  const SentByOthers others({{before.id(), up_to("82B")}, {before.with_lane(1).id(), up_to("82D")}}, own);
  EXPECT_EQ(others.sent(message(0, "82B")), SentBefore::yes);
  EXPECT_EQ(others.sent(message(3, "82C")), SentBefore::no);
  EXPECT_EQ(others.sent(message(4, "82C")), SentBefore::yes);
  EXPECT_EQ(others.sent(message(4, "82E")), SentBefore::no);
  EXPECT_EQ(others.sent(message(2, "82A")), SentBefore::no) << "that lane has sent nothing";
}

TEST(KafkaSentBefore, LanesOfTheOwnLayoutAndOfOtherDocumentsDoNotCount) {
  const SentByOthers others({{own.id(), up_to("82B")},
                             {LaneName{"p/s", 0, 2, 0, 1}.id(), up_to("82B")},
                             {LaneName{"p/t", 1, 2, 0, 1}.id(), up_to("82B")}},
                            own);
  EXPECT_EQ(others.sent(message(0, "82A")), SentBefore::no);
}

TEST(KafkaSentBefore, AnotherNumberOfShardsNeedsTheHashOfTheDocument) {
  const SentByOthers others({{LaneName{"p/s", 1, 3, 0, 1}.id(), up_to("82B")}}, own);
  EXPECT_EQ(others.sent(message(0, "82A", 4)), SentBefore::yes) << "4 modulo 3 is 1";
  EXPECT_EQ(others.sent(message(0, "82A", 5)), SentBefore::no);
  EXPECT_EQ(others.sent(message(0, "82A")), SentBefore::unknown);
  EXPECT_EQ(others.other_shards(), 3U);
  EXPECT_EQ(others.sent(message(0, "82C")), SentBefore::no);
}

/// Whatever the layouts were, a message counts as sent exactly if a lane that was responsible for it had come
/// that far.
TEST(KafkaSentBefore, AgreesWithAModel) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 300; ++round) {
    PositionRecords records;
    std::vector<std::pair<LaneName, std::string>> model;
    for (int layout = 0; layout < 3; ++layout) {
      LaneName name{"p/s", 0, 1 + random() % 3, 0, 1 + random() % 4};
      name.shard = random() % name.shards;
      for (std::uint64_t lane = 0; lane < name.lanes; ++lane) {
        const LaneName one = name.with_lane(lane);
        const std::string position = "82" + std::string(1, static_cast<char>('A' + random() % 5));
        if (!records.emplace(one.id(), up_to(position)).second) continue;
        const bool of_this = one.shards == own.shards;
        if (!of_this || (one.shard == own.shard && one.lanes != own.lanes)) model.emplace_back(one, position);
      }
    }
    const SentByOthers others(records, own);
    for (std::uint64_t key = 0; key < 12; ++key) {
      const std::uint64_t hash = 1 + 2 * (random() % 50);  // of this shard
      const std::string position = "82" + std::string(1, static_cast<char>('A' + random() % 6));
      bool sent = false;
      for (const auto& [name, up_to_here] : model) {
        const bool responsible = hash % name.shards == name.shard && key % name.lanes == name.lane;
        sent |= responsible && position <= up_to_here;
      }
      EXPECT_EQ(others.sent(message(key, position, hash)), sent ? SentBefore::yes : SentBefore::no)
          << "round " << round;
    }
  }
}

}  // namespace
}  // namespace sluice::sinks::kafka
