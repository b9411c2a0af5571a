#include <csignal>

#include "support/cluster_fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// Leases as short as three seconds, for an idle stream stores its position when it renews them.
class Cluster : public ClusterTest {
 protected:
  Worker& join(int partitions, std::vector<std::string> flags = {}) {
    flags.insert(flags.end(), {"--lease-ms", "3000"});
    return ClusterTest::join(partitions, flags);
  }
};

TEST_F(Cluster, ThreeMembersShareThePartitionsEvenly) {
  for (int i = 0; i < 3; ++i) join(8);
  for (Worker* member : members()) member->ready();
  EXPECT_EQ(worker(0).out().rfind("Connected to MongoDB (member sluice ", 0), 0u) << worker(0).out();
  ASSERT_TRUE(becomes_even(8));
  for (const Worker* member : members()) {
    EXPECT_EQ(member->metrics().sum("sluice_cluster_members"), 3);
    EXPECT_EQ(member->metrics().sum("sluice_cluster_partition_held"), held(*member));
    EXPECT_EQ(member->metrics().sum("sluice_ready"), held(*member));
  }
  realworld::seed(db(), storm_.sizes);
  realworld::storm(server().patient_uri(), db().database(), storm_);
  EXPECT_TRUE(exact(8)) << "SLUICE_SEED=" << random_seed();
  terminate_all();
}

TEST_F(Cluster, MembersComeAndGoInTheMiddleOfAStorm) {
  join(6).ready();
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  ASSERT_TRUE(go_on(200));
  join(6).ready();
  join(6).ready();
  ASSERT_TRUE(becomes_even(6));
  ASSERT_TRUE(go_on(200));
  no_member(worker(0));
  EXPECT_EQ(worker(0).terminate(), 0) << worker(0).story();
  ASSERT_TRUE(becomes_even(6));
  ASSERT_TRUE(go_on(200));
  join(6).ready();
  ASSERT_TRUE(becomes_even(6));
  const auto report = storm.finish();
  EXPECT_EQ(report.failed, 0) << report.first_failure;
  EXPECT_TRUE(exact(6)) << "SLUICE_SEED=" << random_seed();
  EXPECT_EQ(state().count("dead_letters"), 0);
}

TEST_F(Cluster, StatusTellsWhoHoldsWhat) {
  join(3).ready();
  join(3).ready();
  ASSERT_TRUE(becomes_even(3));
  const Document seen = status();
  EXPECT_EQ(seen.integer("count"), 3) << seen.json();
  EXPECT_EQ(seen.integer("members.0.holds") + seen.integer("members.1.holds"), 3) << seen.json();
  for (const char* member : {"members.0.", "members.1."}) {
    EXPECT_TRUE(seen.boolean(std::string(member) + "live")) << seen.json();
    EXPECT_TRUE(seen.has(std::string(member) + "since")) << seen.json();
  }
  for (const char* partition : {"partitions.0.", "partitions.1.", "partitions.2."}) {
    const std::string at = partition;
    EXPECT_TRUE(seen.boolean(at + "held")) << seen.json();
    EXPECT_GE(seen.integer(at + "epoch"), 1) << seen.json();
    EXPECT_GT(seen.integer(at + "leaseLeftMs"), 0) << seen.json();
    EXPECT_TRUE(seen.has(at + "since") && seen.has(at + "behindSeconds")) << seen.json();
    EXPECT_EQ(seen.text(at + "holder.instance").rfind("sluice ", 0), 0u) << seen.json();
  }
  const Outcome page = run_sluice(here_run({"cluster", "status", realworld_file()}));
  EXPECT_EQ(page.exit_code, 0) << page.err;
  EXPECT_NE(page.out.find("3 partitions, 2 live members"), std::string::npos) << page.out;
  terminate_all();
  const Document left = status();
  EXPECT_FALSE(left.has("members.0")) << left.json();
  EXPECT_FALSE(left.boolean("partitions.0.held")) << left.json();
  EXPECT_TRUE(left.has("partitions.0.behindSeconds")) << left.json();
}

/// Triggers, and what runs apart, stand in streams of their own.
TEST_F(Cluster, StatusListsTheStreamsThatRunBesideThoseOfTheFile) {
  const std::string path = file(R"(
  - name: likes
    count: { from: favorites, reference: articleId, into: articles, field: favoritesCount }
  - name: told
    publish: { from: favorites, stream: told, subject: told })");
  const auto create = [&](const std::string& text) {
    const Outcome made = run_sluice(here_run({"trigger", "create", path, text}));
    EXPECT_EQ(made.exit_code, 0) << made.err;
  };
  create("CREATE TRIGGER noted AFTER INSERT ON favorites DO INSERT INTO notes (of) VALUES (NEW._id)");
  create("CREATE TRIGGER called AFTER INSERT ON favorites DO CALL 'http://127.0.0.1:9/'");
  const Outcome page = run_sluice(here_run({"cluster", "status", path}));
  EXPECT_EQ(page.exit_code, 0) << page.err;
  for (const char* beside : {"", ":publish", ":triggers", ":triggers.called"}) {
    const std::string stream = "test/" + db().database() + beside + ": ";
    EXPECT_NE(page.out.find(stream), std::string::npos) << stream << "\n" << page.out;
  }
}

TEST_F(Cluster, StatusWithoutAServerEndsWithTwo) {
  const workbench::Port nobody;
  const Outcome outcome =
      run_sluice({"cluster", "status", realworld_file(), "--mongodb-uri",
                  "mongodb://127.0.0.1:" + nobody.text() + "/?replicaSet=rs0&serverSelectionTimeoutMS=300"});
  EXPECT_EQ(outcome.exit_code, 2) << outcome.out << outcome.err;
  EXPECT_NE(outcome.err.find("does not answer"), std::string::npos) << outcome.err;
}

TEST_F(Cluster, WithOnePartitionAllButOneStandBy) {
  join(1).ready();
  ASSERT_TRUE(becomes_even(1));
  Worker& standby = join(1).ready();
  ASSERT_TRUE(soon([&] { return standby.metrics().sum("sluice_cluster_members") == 2; }));
  const auto ready = standby.get("/readyz");
  EXPECT_EQ(ready.status, 200) << ready.body;
  EXPECT_NE(ready.body.find("stands by"), std::string::npos) << ready.body;
  EXPECT_EQ(held(standby), 0);
  EXPECT_NE(worker(0).get("/readyz").body.find("holds 1 of 1 partitions: 0"), std::string::npos);
  const Outcome top = run_sluice({"top", "127.0.0.1:" + worker(0).port(), "127.0.0.1:" + worker(1).port()});
  EXPECT_NE(top.out.find("standby"), std::string::npos) << top.out;
  EXPECT_NE(top.out.find("0/1"), std::string::npos) << top.out;
  db().insert("articles", R"({"_id":1})");
  db().insert("favorites", R"({"_id":1,"articleId":1})");
  ASSERT_TRUE(becomes("articles", "1", R"({"_id":1,"favoritesCount":1})"));
  no_member(worker(0));
  EXPECT_EQ(worker(0).terminate(), 0);
  db().insert("favorites", R"({"_id":2,"articleId":1})");
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1,"favoritesCount":2})"));
  EXPECT_TRUE(becomes_even(1));
}

/// From static shards to partitions, and to another number of them.
TEST_F(Cluster, AnotherLayoutWaitsForTheOldOneAndSaysForWhom) {
  start_shards(realworld_file(), 2);
  realworld::seed(db(), storm_.sizes);
  Worker& member = join(3).ready();
  EXPECT_TRUE(member.logs("-of-2 is held by")) << member.story();
  ASSERT_TRUE(soon([&] { return member.get("/readyz").status == 503; }));
  EXPECT_EQ(held(member), 0);
  const std::string why = "the stream is divided into 2 parts, and this instance has --partitions 3";
  EXPECT_NE(member.get("/readyz").body.find(why), std::string::npos) << member.get("/readyz").body;
  const Outcome page = run_sluice(here_run({"cluster", "status", realworld_file()}));
  EXPECT_NE(page.out.find(" waits: "), std::string::npos) << page.out << page.err;
  EXPECT_NE(page.out.find(why), std::string::npos) << page.out;
  const Outcome top = run_sluice({"top", "127.0.0.1:" + member.port()});
  EXPECT_NE(top.out.find("  waits "), std::string::npos) << top.out;
  EXPECT_NE(top.out.find(why), std::string::npos) << top.out;
  EXPECT_EQ(worker(0).terminate(), 0);
  EXPECT_EQ(worker(1).terminate(), 0);
  ASSERT_TRUE(becomes_even(3));
  const std::string err = member.err();
  const auto first = err.find(why);
  EXPECT_EQ(err.find(why, first + 1), std::string::npos) << "once: " << err;
  nobody_is_member();
  Worker& next = join(5).ready();
  EXPECT_TRUE(next.logs("-of-3 is held by")) << next.story();
  realworld::storm(server().patient_uri(), db().database(), storm_);
  EXPECT_EQ(member.terminate(), 0);
  ASSERT_TRUE(becomes_even(5));
  EXPECT_TRUE(exact(5)) << "SLUICE_SEED=" << random_seed();
}

/// A deployment that replaces one instance after the other changes the rules once, when the last of the old
/// ones has gone; and an old one that comes back does not end by it.
TEST_F(Cluster, OtherRulesWaitForTheOldOnesAndSayForWhom) {
  const std::string rules = R"(
  - name: likes
    count: { from: favorites, reference: articleId, into: articles, field: FIELD })";
  const auto with = [&](const std::string& field) {
    std::string text = rules;
    return file(text.replace(text.find("FIELD"), 5, field),
                field + ".yaml");  // a file that changes is reloaded
  };
  Worker& first = start_member(with("favoritesCount"), 2).ready();
  ASSERT_TRUE(soon([&] { return held(first) == 2; }));
  Worker& second = start_member(with("likes"), 2, {"--accept-changed-rules"}).ready();
  EXPECT_TRUE(second.logs("which has other rules")) << second.story();
  db().insert("articles", R"({"_id":1})");
  db().insert("favorites", R"({"_id":1,"articleId":1})");
  ASSERT_TRUE(becomes("articles", "1", R"({"_id":1,"favoritesCount":1})"));
  EXPECT_EQ(held(second), 0);
  EXPECT_EQ(first.terminate(), 0);
  ASSERT_TRUE(soon([&] { return held(second) == 2; })) << second.story();
  Worker& back = start_member(with("favoritesCount"), 2).ready();
  EXPECT_TRUE(back.logs("which has other rules")) << back.story();
  db().insert("favorites", R"({"_id":2,"articleId":1})");
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1,"favoritesCount":1,"likes":1})"));
  EXPECT_TRUE(back.running());
}

TEST_F(Cluster, ABackfillIsDoneByOneMemberAndTheOthersWaitForIt) {
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  for (int i = 0; i < 3; ++i) join(4, {"--backfill"});
  for (Worker* member : members()) member->ready();
  ASSERT_TRUE(becomes_even(4));
  const auto report = storm.finish();
  EXPECT_EQ(report.failed, 0) << report.first_failure;
  EXPECT_TRUE(exact(4)) << "SLUICE_SEED=" << random_seed();
  EXPECT_EQ(state().count("dead_letters"), 0);
}

TEST_F(Cluster, VerifyFindsNothingWrongWhilePartitionsMove) {
  join(4).ready();
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  ASSERT_TRUE(go_on(200));
  join(4).ready();
  const Outcome outcome = run_sluice(here_run({"verify", realworld_file()}));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
  ASSERT_TRUE(becomes_even(4));
  storm.finish();
  EXPECT_TRUE(exact(4)) << "SLUICE_SEED=" << random_seed();
}

TEST_F(Cluster, PositionsAreDroppedOnlyByAMemberThatIsAlone) {
  join(2).ready();
  ASSERT_TRUE(becomes_even(2));
  Worker& second = join(2, {"--restart-now"}).ready();
  EXPECT_TRUE(second.logs("--restart-now has no effect")) << second.story();
  terminate_all();
  nobody_is_member();
  db().insert("articles", R"({"_id":1})");
  db().insert("favorites", R"({"_id":1,"articleId":1})");  // while nobody runs: missed on request
  join(2, {"--restart-now"}).ready();
  ASSERT_TRUE(becomes_even(2));
  db().insert("favorites", R"({"_id":2,"articleId":1})");
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1,"favoritesCount":1})"));
}

}  // namespace
}  // namespace sluice::test
