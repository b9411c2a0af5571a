#include <atomic>
#include <map>
#include <thread>

#include "support/connecting.hpp"
#include "support/test_thread.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

struct OwnServers {
  ReplicaSet own_mongodb;
  NatsServer own_nats;
};

/// Writes to `items` beside the test, in all documents again and again, until it is told to finish. What
/// fails because the server is away is not written, or only in part.
class Writer {
 public:
  Writer(const std::string& uri, const std::string& database)
      : thread_(test_thread([this, uri, database](const std::stop_token& stop) {
          Mongo db(uri, database);
          while (!stop.stop_requested()) {
            try {
              db.update_many("items", "{}", R"({"$inc":{"n":1}})");
              ++rounds_;
            } catch (const workbench::MongoError&) {
              ++failed_;
            }
          }
        })) {}

  int rounds() const { return rounds_; }
  int failed() const { return failed_; }
  void finish() {
    thread_.request_stop();
    thread_.join();
  }

 private:
  std::atomic<int> rounds_{0};
  std::atomic<int> failed_{0};
  std::jthread thread_;  // last: ends before what it uses
};

/// What a consumer sees while the connector and its servers are killed in a storm of writes: every change, in
/// the order of the collection's changes, and none twice, for the stream drops what it knows by its id.
class ConnectorFaults : protected OwnServers, public Connector {
 protected:
  ConnectorFaults() : Connector(own_mongodb, own_nats) {}

  Worker& start_it() {
    return start_connector(variables({{"MONGO_WATCH_COLLECTIONS", "items"}}),
                           {"--lease-ms", "2000", "--nats-ack-ms", "1000"})
        .ready();
  }
  static double published(const Worker& worker) {
    return worker.metrics().sum("sluice_events_published_total");
  }
  /// Waits until it has published so many messages more than now.
  static bool goes_on(const Worker& worker, int messages) {
    const double target = published(worker) + messages;
    return workbench::eventually(patience(60s), [&] { return published(worker) >= target; });
  }
  bool goes_on(const Writer& writer) {
    const int target = writer.rounds() + 3;
    return workbench::eventually(patience(60s), [&] { return writer.rounds() >= target; });
  }
  testing::AssertionResult whole_and_in_order() {
    if (auto complete = told_in_order(); !complete) return complete;
    std::string before;
    for (const std::string& id : ids(messages())) {
      if (id <= before) return testing::AssertionFailure() << id << " comes behind " << before;
      before = id;
    }
    return testing::AssertionSuccess();
  }

  static constexpr int documents = 50;
};

TEST_F(ConnectorFaults, MongodbIsKilledAndStartedAgain) {
  const Worker& worker = start_it();
  write_numbers(documents, 1);
  Writer writer(server().patient_uri(), db().database());
  for (int kill = 0; kill < 2; ++kill) {
    ASSERT_TRUE(goes_on(worker, 200));
    server().node(0).kill9();
    server().node(0).restart();
    server().wait_for_primary();
    ASSERT_TRUE(goes_on(writer));
  }
  writer.finish();
  EXPECT_GT(writer.failed(), 0) << "it should have been writing when the server was killed";
  EXPECT_TRUE(whole_and_in_order());
  EXPECT_TRUE(worker.running());
  EXPECT_TRUE(soon_ready(worker)) << worker.get("/readyz").body;
}

TEST_F(ConnectorFaults, TheConnectorIsKilledAndStartedAgain) {
  Worker* worker = &start_it();
  write_numbers(documents, 1);
  Writer writer(server().patient_uri(), db().database());
  for (int kill = 0; kill < 4; ++kill) {
    ASSERT_TRUE(goes_on(*worker, 200));
    worker->kill9();
    worker->wait();
    ASSERT_TRUE(goes_on(writer));
    worker = &start_it();
  }
  writer.finish();
  EXPECT_TRUE(whole_and_in_order());
}

TEST_F(ConnectorFaults, NatsIsKilledAndStartedAgain) {
  const Worker& worker = start_it();
  write_numbers(documents, 1);
  Writer writer(server().patient_uri(), db().database());
  for (int kill = 0; kill < 3; ++kill) {
    ASSERT_TRUE(goes_on(worker, 200));
    own_nats.kill9();
    ASSERT_TRUE(goes_on(writer));
    own_nats.restart();
  }
  ASSERT_TRUE(goes_on(worker, 200));
  writer.finish();
  EXPECT_TRUE(whole_and_in_order());
  EXPECT_TRUE(worker.running());
}

}  // namespace
}  // namespace sluice::test
