#include <numeric>
#include <random>
#include <sstream>
#include <thread>

#include "support/dead_commands.hpp"
#include "support/publishing.hpp"
#include "support/test_thread.hpp"

namespace sluice::test {
namespace {

/// A rule that keeps copies in `orders`, and rules that tell of changes of `orders`: one of all, the other of
/// those that applications make.
class OwnWrites : public DeadCommands {
 protected:
  static constexpr int customers = 4;

  std::string rules(const std::string& name = "rules.yaml") const {
    return file(copies + R"(  - name: all
    event_store: { from: orders, into: all_events }
  - name: theirs
    event_store: { from: orders, into: their_events, own_writes: ignore }
)",
                name);
  }

  void insert_customers() {
    for (int id = 0; id < customers; ++id)
      db().insert("customers",
                  R"({"_id":)" + std::to_string(id) + R"(,"name":"c)" + std::to_string(id) + "\"}");
  }
  static Document order(int id) {
    return Document(R"({"_id":)" + std::to_string(id) + R"(,"customerId":)" + std::to_string(id % customers) +
                    R"(,"n":0})");
  }
  void insert_orders(int from, int to) {
    for (int id = from; id < to; ++id) db().insert("orders", order(id));
  }
  /// Twice, for what the copies set off comes behind the first time.
  testing::AssertionResult told(int parts = 1) {
    if (auto once = settled(parts); !once) return once;
    return settled(parts);
  }
  std::int64_t all() { return db().count("all_events"); }
  std::int64_t theirs() { return db().count("their_events"); }

  std::int64_t copied() { return db().count("orders", R"({"customerName":{"$exists":true}})"); }

  /// A file of one stream with a name of its own.
  std::string stream_file(const std::string& name, const std::string& rules,
                          const std::string& pipeline = "test") {
    std::string indented;
    std::istringstream lines(rules);
    for (std::string line; std::getline(lines, line);) indented += "    " + line + "\n";
    return folder_.write(name + ".yaml", "pipeline: " + pipeline + "\nindexes: create\nstreams:\n  - name: " +
                                             name + "\n    rules:\n" + indented);
  }

  /// What an application does to orders at random, and how many changes of theirs that makes.
  std::int64_t application(std::uint32_t seed) {
    std::minstd_rand random(seed);
    const auto number = [&](int below) { return std::to_string(random() % static_cast<unsigned>(below)); };
    std::int64_t changes = 0;
    std::optional<Mongo> mongo;
    for (int round = 0; round < 60; ++round) {
      if (!mongo || random() % 5 == 0) mongo.emplace(server().patient_uri(), db().database());
      const std::string customer = R"({"$set":{"name":"n)" + number(1000) + R"("}})";
      const auto count = [&](const char* filter) {
        return mongo->update_many("orders", filter, R"({"$inc":{"n":1}})").modified;
      };
      switch (random() % 4) {
        case 0:
          mongo->update("customers", R"({"_id":)" + number(customers) + "}", customer);
          break;
        case 1:
          changes += mongo->update("orders", R"({"_id":)" + number(20) + "}", R"({"$inc":{"n":1}})").modified;
          break;
        case 2: {
          const std::string target = R"({"_id":)" + number(customers) + "}";
          std::int64_t here = 0;
          const auto both = [&] {
            mongo->update("customers", target, customer);
            here = count(R"({"_id":{"$lt":5}})");
          };
          // One that met others too often changes nothing, and is no change to be told of.
          try {
            mongo->transaction(both);
          } catch (const workbench::MongoError& error) {
            if (!error.transient()) throw;
            here = 0;
          }
          changes += here;
          break;
        }
        default:
          // What it changes is what the rule writes, too.
          changes += mongo
                         ->update("orders", R"({"_id":)" + number(20) + "}",
                                  R"({"$set":{"customerId":)" + number(customers) + R"(},"$inc":{"n":1}})")
                         .modified;
      }
    }
    return changes;
  }

  TemporaryDirectory folder_;
  const std::string copies = R"(  - name: customer-copies
    embed: { from: customers, into: [ { collection: orders, reference: customerId, set: { name: customerName } } ] }
)";
};

TEST_F(OwnWrites, AreLeftOutWhereTheRuleSaysSo) {
  insert_customers();
  start(rules()).ready();
  insert_orders(0, 200);
  ASSERT_TRUE(told());
  EXPECT_EQ(db().count("orders", R"({"customerName":{"$exists":true}})"), 200);
  EXPECT_EQ(all(), 400) << "each order, and its copied name";
  EXPECT_EQ(theirs(), 200);
  EXPECT_GT(state().count("sessions"), 0);
  EXPECT_LT(state().count("sessions"), 20) << "one for each session of the driver, not for each transaction";
  for (const Document& one : db().find("their_events")) EXPECT_EQ(one.text("operation"), "insert");
}

/// The state database may be any: here it is the one that is watched.
TEST_F(OwnWrites, AreKnownWithTheStateInTheWatchedDatabase) {
  insert_customers();
  start(rules(), {"--state-database", db().database()}).ready();
  insert_orders(0, 20);
  ASSERT_TRUE(soon([&] { return all() == 40; })) << all();
  EXPECT_EQ(theirs(), 20);
  EXPECT_EQ(state().count("sessions"), 0);
}

/// A process reads what another one wrote: a member of the cluster beside it, or a worker before it.
TEST_F(OwnWrites, OfAnotherMemberOfTheClusterAreKnown) {
  insert_customers();
  start_member(rules(), 4);
  start_member(rules(), 4);
  for (std::size_t i = 0; i < 2; ++i) worker(i).ready();
  ASSERT_TRUE(soon([&] {
    return worker(0).metrics().sum("sluice_cluster_partitions_held") == 2 &&
           worker(1).metrics().sum("sluice_cluster_partitions_held") == 2;
  }));
  insert_orders(0, 100);
  ASSERT_TRUE(soon([&] { return all() == 200; })) << all();
  ASSERT_TRUE(told(4));
  EXPECT_EQ(all(), 200);
  EXPECT_EQ(theirs(), 100);
}

/// What one worker writes is read by another one, later: of the same pipeline, or of another one, which is an
/// application like others.
TEST_F(OwnWrites, OfAnEarlierRunAreKnown) {
  insert_customers();
  const std::string writer = stream_file("writer", copies);
  const std::string theirs_rule = R"(  - name: theirs
    event_store: { from: orders, into: their_events, own_writes: ignore }
)";
  const std::string all_rule = R"(  - name: all
    event_store: { from: orders, into: all_events, own_writes: ignore }
)";
  const std::string reader = stream_file("reader", theirs_rule);
  const std::string stranger = stream_file("stranger", all_rule, "another");
  for (const std::string& file : {reader, stranger}) start(file).ready();
  terminate_all();  // with a position; of what follows it sees nothing yet
  start(writer).ready();
  insert_orders(0, 50);
  ASSERT_TRUE(soon([&] { return copied() == 50; }));
  terminate_all();
  for (const std::string& file : {reader, stranger}) start(file).ready();
  ASSERT_TRUE(soon([&] { return theirs() >= 50 && all() >= 100; }));
  terminate_all();
  EXPECT_EQ(theirs(), 50);
  EXPECT_EQ(all(), 100);
}

/// An application's transaction that waits among ours, for some of the same documents, is told whole.
TEST_F(OwnWrites, AnApplicationsTransactionAmongThemIsTold) {
  insert_customers();
  start(rules()).ready();
  insert_orders(0, 40);
  Mongo application(server().patient_uri(), db().database());
  for (int round = 0; round < 5; ++round) {
    application.transaction([&] {
      application.update("customers", R"({"_id":)" + std::to_string(round % customers) + "}",
                         R"({"$set":{"name":"round)" + std::to_string(round) + R"("}})");
      application.update_many("orders", R"({"_id":{"$lt":20}})", R"({"$inc":{"n":1}})");
    });
  }
  ASSERT_TRUE(told());
  EXPECT_EQ(db().count("their_events", R"({"operation":"insert"})"), 40);
  EXPECT_EQ(db().count("their_events", R"({"eventData.updatedFields.n":{"$exists":true}})"), 100);
  EXPECT_EQ(theirs(), 140);
  EXPECT_GT(all(), 140 + 40);
}

/// A trigger runs in a stream of its own, here in that of the triggers.
TEST_F(OwnWrites, AreLeftOutByATriggerThatSaysSo) {
  insert_customers();
  const std::string path = file(copies);
  for (const std::string name : {"all", "their"}) {
    const Outcome outcome =
        run_sluice(here_run({"trigger", "create", path,
                             "CREATE TRIGGER tell_" + name + " AFTER INSERT OR UPDATE ON orders " +
                                 (name == "their" ? "IGNORE OWN WRITES " : "") + "DO INSERT INTO " + name +
                                 "_events (id) VALUES (NEW._id)"}));
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  }
  start(path).ready();
  ASSERT_TRUE(worker().logs(":triggers: streaming"));
  insert_orders(0, 30);
  ASSERT_TRUE(soon([&] { return all() == 60; })) << all();
  ASSERT_TRUE(soon([&] { return theirs() == 30; })) << theirs();
  worker().terminate();
  EXPECT_EQ(theirs(), 30);
}

/// Repairs and backfills write in transactions of their own, in other processes.
TEST_F(OwnWrites, OfRepairsAndBackfillsAreKnown) {
  insert_customers();
  insert_orders(0, 30);
  start(rules(), {"--backfill"}).ready();
  ASSERT_TRUE(told());
  EXPECT_EQ(copied(), 30);
  EXPECT_EQ(theirs(), 0);
  db().update_many("orders", "{}", R"({"$set":{"customerName":"wrong"}})");
  ASSERT_TRUE(told());
  const Outcome outcome = run_sluice(here_run({"verify", rules(), "--repair"}));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
  EXPECT_EQ(db().count("orders", R"({"customerName":"wrong"})"), 0);
  ASSERT_TRUE(told());
  EXPECT_EQ(theirs(), 30) << "the wrong copies that somebody wrote, and not their repair";
}

/// A copy that one target of several refuses is written to the others in pieces, and to that one by a retry.
TEST_F(OwnWrites, InPiecesAndByRetriesAreKnown) {
  db().command(
      R"({"create":"orders","validator":{"$or":[{"customerName":{"$ne":"bad"}},{"_id":{"$ne":4}}]}})");
  db().insert("customers", R"({"_id":0,"name":"good"})");
  start(rules()).ready();
  for (const int id : {4, 8, 12}) db().insert("orders", order(id));
  ASSERT_TRUE(soon([&] { return copied() == 3; }));
  db().update("customers", R"({"_id":0})", R"({"$set":{"name":"bad"}})");
  ASSERT_TRUE(soon([&] { return letter_count() == 1; }));
  EXPECT_EQ(db().count("orders", R"({"customerName":"bad"})"), 2);
  db().command(R"({"collMod":"orders","validator":{}})");
  EXPECT_EQ(dead("retry", {"--all"}, rules()).exit_code, 0);
  EXPECT_EQ(db().count("orders", R"({"customerName":"bad"})"), 3);
  ASSERT_TRUE(told());
  EXPECT_EQ(all(), 9) << "three orders, their copies, and the copies of another name";
  EXPECT_EQ(theirs(), 3);
}

/// Whatever applications do, with and without transactions, by however many sessions: every change of theirs
/// is told, and none of ours.
TEST_F(OwnWrites, NoApplicationsChangeIsEverLeftOut) {
  std::minstd_rand seed(static_cast<std::uint32_t>(random_seed()));
  insert_customers();
  start(rules(), {"--lanes", "3", "--batch-docs", "7"}).ready();
  insert_orders(0, 20);
  std::vector<std::int64_t> changes(3);
  {
    std::vector<std::jthread> applications;
    for (std::size_t i = 0; i < changes.size(); ++i) {
      applications.push_back(test_thread([&, i, number = seed()] { changes[i] = application(number); }));
    }
  }
  ASSERT_TRUE(told());
  EXPECT_EQ(theirs(), 20 + std::accumulate(changes.begin(), changes.end(), std::int64_t{0}))
      << "SLUICE_SEED=" << random_seed();
  EXPECT_EQ(db().count("their_events", R"({"eventData.updatedFields.customerName":{"$exists":true}})"), 0);
  EXPECT_GT(all(), theirs());
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
}

/// Nothing has to run for that, nor any server.
TEST_F(OwnWrites, AreListedByCheck) {
  const std::string path = file(copies + R"(  - name: all
    event_store: { from: orders, into: all_events }
  - name: theirs
    event_store: { from: orders, into: their_events, own_writes: ignore }
  - name: there
    write: { from: all_events, into: places, values: { n: NEW.seq } }
  - name: back
    write: { from: places, into: orders, values: { place: NEW.n } }
)");
  const std::string stream = db().database() + "/";
  const Outcome text = run_sluice(here_run({"check", path}));
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_NE(text.out.find("note     " + stream +
                          "customer-copies: what it writes to orders (update of customerName) sets off " +
                          stream + "all; if that is not intended, set 'own_writes: ignore' in that rule\n"),
            std::string::npos)
      << text.out;
  EXPECT_EQ(text.out.find("sets off " + stream + "theirs"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("warning  " + stream + "all: rules trigger each other: " + stream + "all -> " +
                          stream + "there -> " + stream + "back -> " + stream + "all; make sure that"),
            std::string::npos)
      << text.out;
  const Outcome json = run_sluice(here_run({"check", path}, {"--json"}));
  EXPECT_EQ(json.exit_code, 0) << json.err;
  const Document verdict(json.out);
  EXPECT_EQ(verdict.text("set_off.0.writer"), stream + "customer-copies");
  EXPECT_EQ(verdict.text("set_off.0.reader"), stream + "all");
  EXPECT_EQ(verdict.text("set_off.0.fields.0"), "customerName");
  EXPECT_EQ(verdict.text("loops.0.rules.2"), stream + "back");
}

class OwnWritesPublished : public PublishingTest {};

/// By a rule that has a stream of its own beside the one that writes.
TEST_F(OwnWritesPublished, AreLeftOut) {
  db().insert("customers", R"({"_id":1,"name":"one"})");
  start_publishing(file(R"(  - name: customer-copies
    embed: { from: customers, into: [ { collection: orders, reference: customerId, set: { name: customerName } } ] }
  - name: out
    publish: { from: orders, own_writes: ignore, stream: )" +
                        stream() + " }\n"))
      .ready();
  for (int id = 0; id < 30; ++id)
    db().insert("orders", R"({"_id":)" + std::to_string(id) + R"(,"customerId":1})");
  ASSERT_TRUE(soon([&] { return db().count("orders", R"({"customerName":"one"})") == 30; }));
  ASSERT_TRUE(holds(30));
  ASSERT_TRUE(settled());
  terminate_all();
  EXPECT_EQ(messages().size(), 30U);
}

}  // namespace
}  // namespace sluice::test
