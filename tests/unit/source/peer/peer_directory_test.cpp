#include "source/peer/peer_directory.hpp"

#include <gtest/gtest.h>

namespace sluice::source {
namespace {

Peer peer(const std::string& instance, std::int64_t since_ms) {
  return {instance, "127.0.0.1", 7450, "secret", since_ms};
}

std::string names(const std::vector<Peer>& peers) {
  std::string text;
  for (const Peer& one : peers) text += one.instance;
  return text;
}

TEST(PeerDirectory, NamesThoseThatStartedEarlierTheEarliestFirst) {
  PeerDirectory directory(peer("c", 5));
  directory.tell("shop",
                 {peer("a", 6), peer("b", 5), peer("c", 5), peer("d", 5), peer("e", 1), peer("f", 3)});
  EXPECT_EQ(names(directory.earlier({"shop"})), "efb")
      << "of two that started at once, that of the lesser name";
}

TEST(PeerDirectory, NamesThoseThatReadAllTheStreams) {
  PeerDirectory directory(peer("z", 9));
  directory.tell("shop", {peer("a", 1), peer("b", 2)});
  directory.tell("shop:publish", {peer("b", 2), peer("c", 3)});
  EXPECT_EQ(names(directory.earlier({"shop"})), "ab");
  EXPECT_EQ(names(directory.earlier({"shop", "shop:publish"})), "b");
  EXPECT_EQ(names(directory.earlier({"shop", "orders"})), "");
  EXPECT_EQ(names(directory.earlier({})), "");
  directory.tell("shop", {});
  EXPECT_EQ(names(directory.earlier({"shop"})), "");
}

TEST(PeerDirectory, NamesAFewOnly) {
  PeerDirectory directory(peer("z", 9));
  std::vector<Peer> many;
  for (int i = 0; i < 9; ++i) many.push_back(peer(std::to_string(i), i));
  directory.tell("shop", many);
  EXPECT_EQ(names(directory.earlier({"shop"})), "012");
}

/// Of any two instances, one may read from the other and not the other way round.
TEST(PeerDirectory, NeverLetsTwoReadFromEachOther) {
  const std::vector<Peer> all{peer("a", 1), peer("b", 1), peer("c", 2)};
  for (const Peer& one : all) {
    for (const Peer& other : all) {
      EXPECT_EQ(one.is_before(other), one.instance < other.instance);
    }
  }
}

}  // namespace
}  // namespace sluice::source
