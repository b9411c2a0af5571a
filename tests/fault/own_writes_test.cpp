#include <thread>

#include "realworld/ids.hpp"
#include "support/fail_points.hpp"
#include "support/own_server.hpp"
#include "support/test_thread.hpp"

namespace sluice::test {
namespace {

/// A rule that leaves out this pipeline's own changes, while workers are killed and primaries change: it
/// tells of every change of the application, and of no other.
template <class Base>
class OwnWritesUnderFaults : public Base {
 protected:
  static constexpr int orders = 20;
  static constexpr int customers = 5;

  std::string rules() const {
    return this->file(R"(  - name: customer-copies
    embed: { from: customers, into: [ { collection: orders, reference: customerId, set: { name: customerName } } ] }
  - name: all
    event_store: { from: orders, into: all_events }
  - name: theirs
    event_store: { from: orders, into: their_events, own_writes: ignore }
)");
  }

  /// Against those of workers that died, and hold their documents until the next worker ends them.
  static void retry_until(Mongo& db, const std::function<void()>& body) {
    const bool done = workbench::eventually(std::chrono::minutes(2), [&] {
      try {
        db.transaction(body);
        return true;
      } catch (const workbench::MongoError& error) {
        if (!error.transient()) throw;
        return false;
      }
    });
    if (!done) throw std::runtime_error("an application's transaction meets others for ever");
  }

  /// Sets each order's n to 0, 1, 2.. and changes names meanwhile, every third time in one transaction.
  void write(int rounds) {
    Mongo db(this->server().patient_uri(), this->db().database());
    for (int round = 0; round < rounds; ++round) {
      const std::string n = std::to_string(round);
      const auto name = [&] {
        db.update("customers", R"({"_id":)" + std::to_string(round % customers) + "}",
                  R"({"$set":{"name":"name)" + n + R"("}})", R"({"upsert":true})");
      };
      const auto all_orders = [&] {
        for (int id = 0; id < orders; ++id)
          db.update(
              "orders", R"({"_id":)" + std::to_string(id) + "}",
              R"({"$set":{"n":)" + n + R"(,"customerId":)" + std::to_string((id + round) % customers) + "}}",
              R"({"upsert":true})");
      };
      if (round % 3 != 2) {
        name();
        all_orders();
        continue;
      }
      retry_until(db, [&] {
        name();
        all_orders();
      });
    }
  }

  void expect_exact(int rounds, int parts) {
    ASSERT_TRUE(this->settled(parts));
    ASSERT_TRUE(this->settled(parts)) << "now what the copies set off";
    EXPECT_EQ(this->db().count("their_events"), std::int64_t{rounds} * orders)
        << "SLUICE_SEED=" << random_seed();
    EXPECT_EQ(this->db().count("their_events", R"({"eventData.updatedFields.n":{"$exists":true}})"),
              std::int64_t{rounds - 1} * orders);
    EXPECT_GT(this->db().count("all_events"), std::int64_t{rounds} * orders);
    EXPECT_EQ(this->state().count("dead_letters"), 0);
  }
};

using OwnWritesUnderKills = OwnWritesUnderFaults<PipelineTest>;

TEST_F(OwnWritesUnderKills, AreKnownToWhoeverComesNext) {
  constexpr int rounds = 90;
  for (int i = 0; i < 2; ++i) start_member(rules(), 4).ready();
  std::jthread writer = test_thread([this] { write(rounds); });
  realworld::Random random(random_seed());
  for (int i = 0; i < 8; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(realworld::below(random, 200)));
    const auto place = static_cast<std::size_t>(i % 2);
    worker(place).kill9();
    replace_member(place, rules(), 4, {"--batch-docs", i % 3 == 0 ? "7" : "1000"}).ready();
  }
  writer.join();
  expect_exact(rounds, 4);
}

class ThreeNodesOfOwnWrites : public ServerFaults {
 protected:
  ThreeNodesOfOwnWrites() : ServerFaults(3) {}
};
using OwnWritesUnderStepDowns = OwnWritesUnderFaults<ThreeNodesOfOwnWrites>;

TEST_F(OwnWritesUnderStepDowns, AreKnownToTheNextPrimary) {
  constexpr int rounds = 60;
  start_shards(rules(), 2);
  std::jthread writer = test_thread([this] { write(rounds); });
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(go_on(100));
    server().step_down();
    server().wait_for_primary();
  }
  writer.join();
  expect_exact(rounds, 2);
}

using OwnWritesUnderErrors = OwnWritesUnderFaults<FailPoints>;

/// What cannot be looked up is not guessed: the stream is opened again behind its last place.
TEST_F(OwnWritesUnderErrors, AreLookedUpAgain) {
  constexpr int rounds = 20;
  start(rules()).ready();
  fail(R"("failCommands":["find"],"errorCode":91,"namespace":")" + state().database() + ".sessions\"",
       "\"alwaysOn\"");
  std::jthread writer = test_thread([this] { write(rounds); });
  EXPECT_TRUE(worker().logs("sessions cannot be read"));
  fail("", "\"off\"");
  writer.join();
  expect_exact(rounds, 1);
}

}  // namespace
}  // namespace sluice::test
