#include "mongo/pools.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::mongo {
namespace {

class PoolsTest : public testing::Test {
 protected:
  static StreamConfig stream(const std::string& option = "") {
    return {.name = "s", .uri = "mongodb://127.0.0.1:1/?waitQueueTimeoutMS=10" + option, .database = "d"};
  }
  std::shared_ptr<ClientPool> share(int clients, const std::string& option = "") {
    return pools_.share(stream(option), clients, "test", {});
  }
  /// How many clients can be in use at once.
  static std::size_t most(ClientPool& pool) {
    std::vector<ClientPool::Client> clients;
    try {
      while (clients.size() < 100) clients.push_back(pool.acquire());
    } catch (const NoClient&) {
      return clients.size();
    }
    return SIZE_MAX;
  }

  Driver driver_;
  Pools pools_;
};

TEST_F(PoolsTest, StreamsWithTheSameUriShareAPool) {
  const auto first = share(2);
  EXPECT_EQ(share(1).get(), first.get());
  EXPECT_NE(share(1, "&maxIdleTimeMS=9000").get(), first.get());
}

TEST_F(PoolsTest, EachStreamAddsItsClients) {
  const auto first = share(2);
  EXPECT_EQ(most(*first), 2U);
  auto second = share(3);
  EXPECT_EQ(most(*first), 5U);
  second.reset();
  const auto third = share(1);
  EXPECT_EQ(third.get(), first.get());
}

TEST_F(PoolsTest, ItDoesNotMatterWhetherClientsWereMadeBefore) {
  const auto first = share(2);
  const auto second = share(3);
  EXPECT_EQ(most(*first), 5U);
}

TEST_F(PoolsTest, APoolEndsWithItsLastStream) {
  const std::weak_ptr<ClientPool> pool = share(1);
  EXPECT_TRUE(pool.expired());
  EXPECT_EQ(most(*share(1)), 1U);
}

}  // namespace
}  // namespace sluice::mongo
