#include "source/peer/peer_messages.hpp"

#include <gtest/gtest.h>

#include <random>

#include "source/peer/peer_link.hpp"

namespace sluice::source::peer {
namespace {

std::vector<std::uint8_t> bytes_of(bson::View view) {
  return {view.data(), view.data() + view.size()};
}

Position some_position() {
  bson::Builder token;
  return Position::of(token.append("_data", "8263").append("_typeBits", true).finish(), 7ULL << 32 | 3, true);
}

TEST(PeerMessages, ARequestArrivesAsItWasSent) {
  const PeerRequest sent{"identity", 16, {0, 3, 15}, some_position(), true};
  bson::Builder out;
  const auto got = parse_request(make_request(sent, out));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->identity, sent.identity);
  EXPECT_EQ(got->shard_count, 16);
  EXPECT_EQ(got->shards, sent.shards);
  EXPECT_EQ(got->after.token, sent.after.token);
  EXPECT_EQ(got->after.cluster_time, sent.after.cluster_time);
  EXPECT_TRUE(got->after.at_event);
  EXPECT_TRUE(got->caught_up);
}

TEST(PeerMessages, RefusesARequestThatIsNone) {
  const auto refused = [](const PeerRequest& request) {
    bson::Builder out;
    return !parse_request(make_request(request, out));
  };
  EXPECT_TRUE(refused({"identity", 4, {4}, some_position()})) << "no such shard";
  EXPECT_TRUE(refused({"identity", 4, {2, 1}, some_position()})) << "not ascending";
  EXPECT_TRUE(refused({"identity", 4, {1, 1}, some_position()})) << "twice";
  EXPECT_TRUE(refused({"identity", 4, {}, some_position()})) << "no shard";
  EXPECT_TRUE(refused({"identity", 0, {0}, some_position()})) << "no shards";
  EXPECT_TRUE(refused({"identity", 4, {0}, {}})) << "no position";
  bson::Builder later;
  EXPECT_FALSE(parse_request(later.append("version", version + 1).finish()));
}

TEST(PeerMessages, ABatchArrivesAsItWasSent) {
  bson::Builder first;
  first.open("_id").append("_data", "8262").close().append("n", 1);
  bson::Builder second;
  second.open("_id").append("_data", "8263").close().append("n", 2);
  const Position at = some_position();
  StreamBatch sent;
  sent.events = {first.finish(), second.finish()};
  sent.resume_token = at.view();
  sent.token_of_event = true;
  sent.token_time = at.cluster_time;
  sent.operation_time = 9ULL << 32;
  bson::Builder out;
  auto bytes = std::make_shared<std::vector<std::uint8_t>>(bytes_of(make_head(sent, out)));
  const auto head = parse_head(view_of(*bytes));
  ASSERT_TRUE(head);
  EXPECT_EQ(head->ended, "");
  for (const bson::View event : sent.events)
    bytes->insert(bytes->end(), event.data(), event.data() + event.size());
  const auto got = batch_of(*head, bytes);
  ASSERT_TRUE(got);
  ASSERT_EQ(got->events.size(), 2U);
  EXPECT_EQ(got->events[0].at("n").integer(), 1);
  EXPECT_EQ(got->events[1].at("n").integer(), 2);
  EXPECT_EQ(bytes_of(got->resume_token), at.token);
  EXPECT_TRUE(got->token_of_event);
  EXPECT_EQ(end_of(*got).cluster_time, at.cluster_time);
  EXPECT_EQ(got->operation_time, 9ULL << 32);
}

TEST(PeerMessages, TellsWhyThereAreNoMoreBatches) {
  bson::Builder out;
  const auto head = parse_head(make_end("its feed has ended", out));
  ASSERT_TRUE(head);
  EXPECT_EQ(head->ended, "its feed has ended");
}

/// Whatever arrives, the parsers only read what is there.
TEST(PeerMessages, SurvivesBytesThatAreNoMessage) {
  const std::uint64_t seed = std::random_device{}();
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  std::mt19937_64 random(seed);
  bson::Builder out;
  const auto whole = bytes_of(make_request({"identity", 16, {0, 3}, some_position()}, out));
  for (int i = 0; i < 20'000; ++i) {
    auto bytes = std::make_shared<std::vector<std::uint8_t>>(whole);
    for (auto change = random() % 4; change > 0; --change)
      (*bytes)[4 + random() % (bytes->size() - 4)] = static_cast<std::uint8_t>(random());
    parse_request(view_of(*bytes));
    parse_question(view_of(*bytes));
    parse_reply(view_of(*bytes));
    parse_head(view_of(*bytes));
    Head head;
    head.bytes = random() % bytes->size();
    head.events = 1;
    const auto batch = batch_of(head, bytes);
    EXPECT_TRUE(!batch || batch->events.size() == 1);
  }
}

}  // namespace
}  // namespace sluice::source::peer
