#include "pipeline/shared_renewals.hpp"

#include "checkpoint/checkpoint_store.hpp"
#include "support/fixture.hpp"

namespace sluice::test {
namespace {

/// Shards whose leases are held under epoch 1, and one client pool for all of them.
class SharedRenewals : public PipelineTest {
 protected:
  static constexpr std::int64_t epoch = 1;
  static constexpr std::chrono::milliseconds lease{4000};

  SharedRenewals() : pool_(std::make_shared<mongo::ClientPool>(stream_config(), 4, "renewals")) {}

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
    std::optional<std::vector<checkpoint::DedupRecord>> windows;
    if (window_entries_ > 0) {
      windows.emplace(1);
      windows->front().window.entries.resize(window_entries_);
    }
    return store_of(shard, shards_)->renewal(epoch, 10000, Position::of(token.finish(), 1), false, windows);
  }
  /// Of each renewal.
  std::vector<std::optional<Error>> store_together(std::vector<checkpoint::Renewal> renewals) {
    const auto client = pool_->acquire();
    return checkpoint::store_renewals(client.get(), state().database(), renewals);
  }
  /// The same for the first `count` shards, as their streams do it.
  std::vector<std::optional<Error>> store_at_once(int count) {
    const auto renewals = process_.of(pool_, state().database(), lease);
    std::vector<std::optional<Error>> errors(static_cast<std::size_t>(count));
    asio::io_context io;
    for (int i = 0; i < count; ++i) {
      async::spawn(
          io.get_executor(),
          [](auto& all, auto renewal, auto& error) -> asio::awaitable<void> {
            error = co_await all.store(std::move(renewal));
          }(*renewals, renewal_of(i), errors[static_cast<std::size_t>(i)]),
          [](const std::exception_ptr& thrown) { ADD_FAILURE() << async::what_of(thrown); });
    }
    io.run();
    return errors;
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
  pipeline::RenewalsOfProcess process_;
  int shards_ = 0;
  std::size_t window_entries_ = 0;  ///< of the dedup window that is stored with each position

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
  const std::int64_t before = update_commands();
  for (const auto& error : store_at_once(count)) EXPECT_FALSE(error) << error->text();
  EXPECT_LE(update_commands() - before, count / 2);
  for (int i = 0; i < count; ++i) EXPECT_TRUE(is_stored(i)) << i;
}

/// One command with all of them would exceed 16 MB.
TEST_F(SharedRenewals, AreStoredByMoreCommandsIfTheyAreLarge) {
  constexpr int count = 100;
  hold_shards(count);
  window_entries_ = 10000;
  for (const auto& error : store_at_once(count)) EXPECT_FALSE(error) << error->text();
  for (int i = 0; i < count; ++i) EXPECT_TRUE(is_stored(i)) << i;
}

/// Its connection hangs, as when a firewall has dropped it. The next one must be stored before leases end.
TEST_F(SharedRenewals, OneWithoutAnswerKeepsTheOthersForAPartOfTheLeaseOnly) {
  hold_shards(1);
  const auto renewals = process_.of(pool_, state().database(), lease);
  db().admin(R"({"configureFailPoint":"failCommand","mode":{"times":1},"data":{"failCommands":["update"],
      "blockConnection":true,"blockTimeMS":6000,"appName":"renewals"}})");
  const auto first = store_at_once(1);
  ASSERT_TRUE(first[0]);
  EXPECT_TRUE(first[0]->network) << first[0]->text();
  const auto second = store_at_once(1);
  EXPECT_FALSE(second[0]) << second[0]->text();
  EXPECT_TRUE(is_stored(0));
  db().admin(R"({"configureFailPoint":"failCommand","mode":"off"})");
}

TEST_F(SharedRenewals, OfOneClientPoolAreTheSameAsLongAsTheyAreUsed) {
  auto first = process_.of(pool_, "sluice", lease);
  EXPECT_EQ(first, process_.of(pool_, "sluice", lease));
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
