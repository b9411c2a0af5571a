#include "pipeline/shared_renewals.hpp"

#include "checkpoint/checkpoint_store.hpp"
#include "support/fixture.hpp"

namespace sluice::test {
namespace {

/// Shards whose leases are held under epoch 1, and one client pool for all of them.
class SharedRenewals : public PipelineTest {
 protected:
  static constexpr std::int64_t epoch = 1;

  SharedRenewals() : pool_(std::make_shared<mongo::ClientPool>(stream_config(), 4, "test")) {}

  void hold_shards(int count) {
    for (int i = 0; i < count; ++i)
      state().insert("shards", R"({"_id":")" + store_of(i, count)->id().shard_id() +
                                   R"(","epoch":{"$numberLong":"1"}})");
    shards_ = count;
  }
  std::shared_ptr<checkpoint::CheckpointStore> store_of(int shard, int count) {
    return std::make_shared<checkpoint::CheckpointStore>(
        *pool_, state().database(), checkpoint::ShardId{"test", "orders", count, shard, 1, "", "", {}},
        checkpoint::LeaseHolder::self());
  }
  checkpoint::Renewal renewal_of(int shard) {
    bson::Builder token;
    token.append("_data", "at " + std::to_string(shard));
    return store_of(shard, shards_)->renewal(epoch, 10000, Position::of(token.finish(), 1), false);
  }
  /// Of each renewal.
  std::vector<std::optional<Error>> store_together(std::vector<checkpoint::Renewal> renewals) {
    const auto client = pool_->acquire();
    return checkpoint::store_renewals(client.get(), state().database(), renewals);
  }
  /// Whether the shard's position is that of its renewal.
  bool is_stored(int shard) {
    const auto found =
        state().find_one("shards", R"({"_id":")" + store_of(shard, shards_)->id().shard_id() + "\"}");
    return found && found->text("token._data") == "at " + std::to_string(shard);
  }
  std::int64_t update_commands() {
    return db().admin(R"({"serverStatus":1})").integer("metrics.commands.update.total");
  }

  std::shared_ptr<mongo::ClientPool> pool_;
  int shards_ = 0;

 private:
  StreamConfig stream_config() {
    StreamConfig config;
    config.uri = server().uri();
    return config;
  }
};

TEST_F(SharedRenewals, AreStoredByAFewCommands) {
  constexpr int count = 20;
  hold_shards(count);
  pipeline::RenewalsOfProcess process;
  const auto renewals = process.of(pool_, state().database());
  asio::io_context io;
  int stored = 0;
  const std::int64_t before = update_commands();
  for (int i = 0; i < count; ++i) {
    async::spawn(
        io.get_executor(),
        [](auto& all, auto renewal, int& done) -> asio::awaitable<void> {
          if (!co_await all.store(std::move(renewal))) ++done;
        }(*renewals, renewal_of(i), stored),
        [](const std::exception_ptr& thrown) { ADD_FAILURE() << async::what_of(thrown); });
  }
  io.run();
  EXPECT_EQ(stored, count);
  EXPECT_LE(update_commands() - before, count / 2);
  for (int i = 0; i < count; ++i) EXPECT_TRUE(is_stored(i)) << i;
}

TEST_F(SharedRenewals, OfOneClientPoolAreTheSameAsLongAsTheyAreUsed) {
  pipeline::RenewalsOfProcess process;
  auto first = process.of(pool_, "sluice");
  EXPECT_EQ(first, process.of(pool_, "sluice"));
  const std::weak_ptr<pipeline::SharedRenewals> watched = first;
  first.reset();
  EXPECT_TRUE(watched.expired());
}

TEST_F(SharedRenewals, OnlyTheShardThatAnotherWorkerHasTakenIsFenced) {
  hold_shards(3);
  state().update("shards", R"({"_id":")" + store_of(1, 3)->id().shard_id() + "\"}",
                 R"({"$set":{"epoch":{"$numberLong":"2"}}})");
  std::vector<checkpoint::Renewal> renewals;
  for (int i = 0; i < 3; ++i) renewals.push_back(renewal_of(i));
  const auto errors = store_together(std::move(renewals));
  ASSERT_EQ(errors.size(), 3U);
  EXPECT_FALSE(errors[0]);
  ASSERT_TRUE(errors[1]);
  EXPECT_EQ(errors[1]->kind, ErrorKind::fenced);
  EXPECT_NE(errors[1]->message.find(store_of(1, 3)->id().shard_id()), std::string::npos)
      << errors[1]->message;
  EXPECT_FALSE(errors[2]);
  EXPECT_TRUE(is_stored(0));
  EXPECT_FALSE(is_stored(1));
  EXPECT_TRUE(is_stored(2));
}

/// A command that the server cannot even parse must not keep the others from storing.
TEST_F(SharedRenewals, OnlyTheOneThatTheServerRefusesFails) {
  hold_shards(2);
  std::vector<checkpoint::Renewal> renewals;
  renewals.push_back(renewal_of(0));
  checkpoint::Renewal& refused = renewals.emplace_back(checkpoint::Renewal{"refused", {}});
  refused.update.open("q").close().append("u", "no update");
  renewals.push_back(renewal_of(1));
  const auto errors = store_together(std::move(renewals));
  ASSERT_EQ(errors.size(), 3U);
  EXPECT_FALSE(errors[0]);
  ASSERT_TRUE(errors[1]);
  EXPECT_NE(errors[1]->kind, ErrorKind::fenced);
  EXPECT_FALSE(errors[2]);
  EXPECT_TRUE(is_stored(0));
  EXPECT_TRUE(is_stored(1));
}

}  // namespace
}  // namespace sluice::test
