#include "support/shared_feed_fixture.hpp"

namespace sluice::test {
namespace {

class SharedFeed : public SharedFeedTest {
 protected:
  /// How many members read through another one, as `sluice cluster status` tells.
  int followers_by_status() {
    const Document seen = status();
    int followers = 0;
    for (std::size_t i = 0; i < members().size(); ++i)
      followers += seen.has("members." + std::to_string(i) + ".readsThrough") ? 1 : 0;
    return followers;
  }

  /// Whether each member's /readyz and /status say how it reads the change stream.
  bool all_say_how_they_read() {
    const std::string reading = reading_member().port();
    return std::ranges::all_of(members(), [&](const Worker* member) {
      const bool reads = member->port() == reading;
      const std::string note = reads ? "; reads the change stream by itself, and for 2 other instances"
                                     : "; reads the change stream through 127.0.0.1:";
      const std::string feed =
          reads ? R"("feed":{"readsThrough":"","followers":2})" : R"("feed":{"readsThrough":"127.0.0.1:)";
      return member->get("/readyz").body.find(note) != std::string::npos &&
             member->get("/status").body.find(feed) != std::string::npos;
    });
  }

  static std::vector<std::string> offering(const std::string& host, const std::string& port) {
    return {"--partitions", "6", "--feed-host", host, "--feed-port", port};
  }
  Outcome check(const std::vector<std::string>& flags) {
    return run_sluice(here_run({"check", realworld_file(), "--online"}, flags));
  }
};

TEST_F(SharedFeed, OneMemberReadsTheChangeStreamForAll) {
  for (int i = 0; i < 3; ++i) join();
  for (Worker* member : members()) member->ready();
  ASSERT_TRUE(becomes_even(partitions));
  ASSERT_TRUE(one_reads_for_all());
  realworld::seed(db(), storm_.sizes);
  realworld::storm(server().patient_uri(), db().database(), storm_);
  EXPECT_TRUE(exact(partitions)) << "SLUICE_SEED=" << random_seed();
  EXPECT_TRUE(one_reads_for_all());
  EXPECT_TRUE(soon([&] { return followers_by_status() == 2; })) << status().json();
  EXPECT_TRUE(soon([&] { return all_say_how_they_read(); })) << reading_member().get("/readyz").body;
  terminate_all();
}

TEST_F(SharedFeed, MembersComeAndGoInTheMiddleOfAStorm) {
  join().ready();
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  ASSERT_TRUE(go_on(200));
  join().ready();
  join().ready();
  ASSERT_TRUE(becomes_even(partitions));
  ASSERT_TRUE(go_on(200));
  no_member(worker(0));
  EXPECT_EQ(worker(0).terminate(), 0) << worker(0).story();
  ASSERT_TRUE(becomes_even(partitions));
  ASSERT_TRUE(go_on(200));
  const auto report = storm.finish();
  EXPECT_EQ(report.failed, 0) << report.first_failure;
  EXPECT_TRUE(one_reads_for_all());
  EXPECT_TRUE(exact(partitions)) << "SLUICE_SEED=" << random_seed();
  EXPECT_EQ(state().count("dead_letters"), 0);
}

/// With its pre-image the update is larger than any answer. Each member then reads by itself until it is
/// past.
TEST_F(SharedFeed, AnEventThatIsTooLargeIsProcessedByTheMemberThatHasIt) {
  for (int i = 0; i < 3; ++i) join().ready();
  ASSERT_TRUE(becomes_even(partitions));
  ASSERT_TRUE(one_reads_for_all());
  const auto body = [](char with) { return '"' + std::string(std::size_t{15'500'000}, with) + '"'; };
  for (int id = 1; id <= 4; ++id) {
    const std::string document = R"({"_id":)" + std::to_string(id);
    db().insert("articles", document + R"(,"authorId":1,"tagList":["a"],"body":)" + body('x') + "}");
    db().update("articles", document + "}", R"({"$set":{"tagList":["b"],"body":)" + body('y') + "}}");
    db().insert("favorites", R"({"articleId":)" + std::to_string(id) + "}");
  }
  EXPECT_TRUE(becomes("tags", "\"b\"", R"({"_id":"b","articleCount":4})"));
  EXPECT_TRUE(vanishes("tags", "\"a\""));
  EXPECT_GE(sum("sluice_large_events_total"), 1);
  EXPECT_EQ(sum("sluice_events_dead_total"), 0);
  EXPECT_TRUE(one_reads_for_all());
}

/// Nothing happens, so each answer of their own cursors takes that long, while they are connected already.
TEST_F(SharedFeed, MembersThatWaitLongForTheirOwnCursorsShareTheStreamToo) {
  for (int i = 0; i < 2; ++i) join({"--max-await-ms", "7000"}).ready();
  EXPECT_TRUE(one_reads_for_all());
}

/// As during a deployment that turns it on.
TEST_F(SharedFeed, AMemberThatOffersNoneReadsByItself) {
  join_alone().ready();
  join().ready();
  join().ready();
  ASSERT_TRUE(becomes_even(partitions));
  EXPECT_TRUE(soon([&] { return sum("sluice_feed_cursors") == 2 && sum("sluice_feed_follows") == 1; },
                   std::chrono::minutes(1)));
  realworld::seed(db(), storm_.sizes);
  realworld::storm(server().patient_uri(), db().database(), storm_);
  EXPECT_TRUE(exact(partitions)) << "SLUICE_SEED=" << random_seed();
}

TEST_F(SharedFeed, AnAddressThatNobodyReachesCostsACursorAndNoEvent) {
  join({"--feed-address", "127.0.0.2"}).ready();
  join().ready();
  ASSERT_TRUE(becomes_even(partitions));
  EXPECT_TRUE(soon([&] { return sum("sluice_feed_cursors") == 2; }));
  EXPECT_TRUE(soon([&] {
    return worker(1).story().find("reads the change stream by itself for now") != std::string::npos;
  })) << worker(1).story();
  realworld::seed(db(), storm_.sizes);
  realworld::storm(server().patient_uri(), db().database(), storm_);
  EXPECT_TRUE(exact(partitions)) << "SLUICE_SEED=" << random_seed();
}

TEST_F(SharedFeed, APortThatIsTakenIsAnError) {
  join().ready();
  const Outcome outcome =
      run_sluice(here_run({"run", realworld_file()}, offering("127.0.0.1", worker(0).port())));
  EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
  EXPECT_NE(outcome.err.find("cannot listen on 127.0.0.1:" + worker(0).port() + ": the port is taken"),
            std::string::npos)
      << outcome.err;
  const Outcome checked = check(offering("127.0.0.1", worker(0).port()));
  EXPECT_EQ(checked.exit_code, 1) << checked.out;
  EXPECT_NE(checked.out.find("error    cluster: the feed cannot be offered to the other instances: cannot "
                             "listen on 127.0.0.1:" +
                             worker(0).port() + ": the port is taken; instances on one machine need"),
            std::string::npos)
      << checked.out;
}

TEST_F(SharedFeed, ACheckTriesThePort) {
  const workbench::Port port;
  const Outcome free = check(offering("127.0.0.1", port.text()));
  EXPECT_EQ(free.exit_code, 0) << free.out;
  EXPECT_NE(free.out.find("ok       cluster: can listen for the other instances on 127.0.0.1:" + port.text() +
                          "; it answers at 127.0.0.1:" + port.text() + " from this machine\n"),
            std::string::npos)
      << free.out;
  const Outcome foreign = check(offering("192.0.2.1", port.text()));
  EXPECT_EQ(foreign.exit_code, 1) << foreign.out;
  EXPECT_NE(foreign.out.find("it must be an address of this machine: check --feed-host"), std::string::npos)
      << foreign.out;
  EXPECT_EQ(check({"--partitions", "6"}).out.find(" cluster: "), std::string::npos);
}

/// As on a machine where the worker runs already.
TEST_F(SharedFeed, ACheckRecognisesTheInstanceThatHasThePort) {
  join().ready();
  const Outcome outcome = check(offering("127.0.0.1", last_feed_port()));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out;
  EXPECT_NE(
      outcome.out.find("ok       cluster: an instance of the cluster runs on this machine and listens on "
                       "port " +
                       last_feed_port()),
      std::string::npos)
      << outcome.out;
}

TEST_F(SharedFeed, ACheckTriesTheAddressThatOtherInstancesAreTold) {
  const workbench::Port port;
  auto flags = offering("127.0.0.1", port.text());
  flags.insert(flags.end(), {"--feed-address", "127.0.0.2"});
  const Outcome outcome = check(flags);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out;
  EXPECT_NE(outcome.out.find("warning  cluster: can listen for the other instances on 127.0.0.1:" +
                             port.text() + ", but not at 127.0.0.2:" + port.text()),
            std::string::npos)
      << outcome.out;
  EXPECT_NE(outcome.out.find("Set --feed-address"), std::string::npos) << outcome.out;
}

}  // namespace
}  // namespace sluice::test
