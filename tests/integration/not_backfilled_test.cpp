#include <regex>

#include "support/cluster_fixture.hpp"
#include "support/likes.hpp"
#include "support/lines.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* authors = R"(
  - name: authors
    embed: { from: users, into: [{ collection: articles, reference: authorId, set: { username: authorUsername } }] })";

/// Rules that begin on documents that stand already, and who says so.
class NotBackfilled : public ClusterTest {
 protected:
  void favourites(int count) {
    for (int i = 0; i < count; ++i) db().insert("favorites", R"({"articleId":1})");
  }
  void documents_stand() {
    db().insert("articles", R"({"_id":1})");
    favourites(3);
  }
  static double told(const Worker& worker) { return worker.metrics().sum("sluice_rules_not_backfilled"); }
  static int lines(const Worker& worker) {
    return static_cast<int>(lines_with(worker.err(), " not backfilled: ").size());
  }
  std::vector<std::string> command_of(const std::string& text) {
    std::smatch found;
    if (!std::regex_search(text, found, std::regex("sluice (verify [^\\n\\\"]*)"))) return {};
    std::vector<std::string> words;
    std::istringstream in(found[1].str());
    for (std::string word; in >> word;) {
      std::erase(word, '\'');
      words.push_back(word);
    }
    return words;
  }
  testing::AssertionResult counts(const std::string& field, int count) {
    const auto holds = [&] { return db().find_one("articles", R"({"_id":1})")->integer(field, -1) == count; };
    if (soon(holds)) return testing::AssertionSuccess();
    return testing::AssertionFailure() << db().find_one("articles", R"({"_id":1})")->json();
  }
  testing::AssertionResult says_nothing(Worker& one) {
    if (told(one) == 0 && lines(one) == 0 &&
        one.get("/readyz").body.find("backfilled") == std::string::npos) {
      return testing::AssertionSuccess();
    }
    return testing::AssertionFailure() << one.story();
  }
  bool becomes_silent(Worker& one) {
    return soon(
        [&] { return told(one) == 0 && one.get("/readyz").body.find("backfilled") == std::string::npos; });
  }
};

TEST_F(NotBackfilled, AStartOnStandingDocumentsIsSaidWithTheCommandThatMendsIt) {
  documents_stand();
  const std::string path = file(likes);
  Worker& one = start(path).ready();
  ASSERT_TRUE(one.logs("rule likes is not backfilled: ")) << one.story();
  EXPECT_EQ(lines(one), 1) << one.story();
  EXPECT_EQ(told(one), 1);
  const auto readyz = one.get("/readyz");
  EXPECT_EQ(readyz.status, 200) << "a note and no fault";
  EXPECT_NE(readyz.body.find("\"notes\":[\"stream " + db().database() + ": rule likes is not backfilled: "),
            std::string::npos)
      << readyz.body;
  const Outcome top = run_sluice({"top", "--once", "127.0.0.1:" + one.port()});
  EXPECT_NE(top.out.find("    rule likes is not backfilled: "), std::string::npos) << top.out;
  const Outcome status = run_sluice(here_run({"cluster", "status", path}));
  EXPECT_NE(status.out.find("rule likes is not backfilled: "), std::string::npos) << status.out << status.err;

  favourites(1);
  ASSERT_TRUE(counts("favoritesCount", 1)) << "and wrong it is";
  auto command = command_of(one.err());
  ASSERT_EQ(command.front(), "verify") << one.story();
  auto sample = command;
  sample.insert(sample.end(), {"--sample", "1"});
  EXPECT_EQ(run_sluice(sample).exit_code, 0);
  EXPECT_EQ(state().count("layouts", R"({"maintained.filled":false})"), 1) << "a sample is no whole repair";
  const Outcome mended = run_sluice(command);
  EXPECT_EQ(mended.exit_code, 0) << mended.out << mended.err;
  EXPECT_TRUE(counts("favoritesCount", 4));
  EXPECT_TRUE(becomes_silent(one)) << one.get("/readyz").body;
  EXPECT_TRUE(one.logs("all rules are backfilled now"));
  terminate_all();
  EXPECT_TRUE(says_nothing(start(path).ready()));
}

TEST_F(NotBackfilled, AStartOnEmptyCollectionsSaysNothing) {
  db().insert("articles", R"({"_id":1})");
  start(file(likes)).ready();
  favourites(2);
  ASSERT_TRUE(counts("favoritesCount", 2));
  EXPECT_TRUE(says_nothing(worker()));
  terminate_all();
  EXPECT_TRUE(says_nothing(start(file(likes)).ready()));
}

/// Copies need both something to copy and something that it is copied into.
TEST_F(NotBackfilled, CopiesOfWhatStandsAreMissingWhereTargetsStandToo) {
  db().insert("users", R"({"_id":1,"username":"ann"})");
  EXPECT_TRUE(says_nothing(start(file(authors)).ready()));
  terminate_all();
  state().drop_database();
  db().insert("articles", R"({"_id":1,"authorId":1})");
  Worker& one = start(file(authors)).ready();
  EXPECT_TRUE(one.logs("rule authors is not backfilled: ")) << one.story();
  EXPECT_EQ(run_sluice(command_of(one.err())).exit_code, 0);
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1,"authorId":1,"authorUsername":"ann"})"));
  EXPECT_TRUE(becomes_silent(one));
}

TEST_F(NotBackfilled, AfterABackfillNothingIsSaid) {
  documents_stand();
  EXPECT_TRUE(says_nothing(start(file(likes), {"--backfill"}).ready()));
  terminate_all();
  EXPECT_TRUE(says_nothing(start(file(likes)).ready()));
}

TEST_F(NotBackfilled, ARestartSaysItAgain) {
  documents_stand();
  EXPECT_TRUE(start(file(likes)).ready().logs("rule likes is not backfilled"));
  terminate_all();
  db().remove_many("favorites", Document("{}"));
  Worker& again = start(file(likes)).ready();
  EXPECT_TRUE(again.logs("rule likes is not backfilled"));
  EXPECT_EQ(told(again), 1);
}

TEST_F(NotBackfilled, ARuleThatAReloadAddsIsSaid) {
  db().insert("articles", R"({"_id":1})");
  Worker& one = start(file(likes)).ready();
  favourites(2);
  ASSERT_TRUE(counts("favoritesCount", 2));
  const std::string path = file(std::string(likes) + late_likes);
  ASSERT_TRUE(one.logs("rule late-likes is not backfilled: ")) << one.story();
  EXPECT_EQ(told(one), 1);
  ASSERT_TRUE(soon([&] { return one.get("/readyz").status == 200; }));
  favourites(1);
  ASSERT_TRUE(counts("lateCount", 1));
  EXPECT_EQ(run_sluice(command_of(one.err())).exit_code, 0);
  EXPECT_TRUE(counts("lateCount", 3));
  EXPECT_TRUE(counts("favoritesCount", 3));
  EXPECT_TRUE(becomes_silent(one));
}

/// What happened while it was away it knows nothing of.
TEST_F(NotBackfilled, ARuleThatComesBackIsSaid) {
  db().insert("articles", R"({"_id":1})");
  Worker& one = start(file(std::string(likes) + late_likes)).ready();
  file(likes);
  ASSERT_TRUE(one.logs("configuration reloaded: 1 stream changed"));
  ASSERT_TRUE(soon([&] { return state().count("layouts", R"({"maintained.rule":"late-likes"})") == 0; }));
  favourites(2);
  ASSERT_TRUE(counts("favoritesCount", 2));
  EXPECT_EQ(lines(one), 0);
  file(std::string(likes) + late_likes);
  EXPECT_TRUE(one.logs("rule late-likes is not backfilled: ")) << one.story();
}

TEST_F(NotBackfilled, RulesThatAreAcceptedAtAStartAreSaid) {
  documents_stand();
  start(file(likes), {"--backfill"}).ready();
  terminate_all();
  const std::string path = file(std::string(likes) + late_likes, "more.yaml");
  Worker& one = start(path, {"--accept-changed-rules"}).ready();
  EXPECT_TRUE(one.logs("rule late-likes is not backfilled: ")) << one.story();
  EXPECT_EQ(told(one), 1);
}

/// What a changed rule kept under its name before is wrong even if its new source is empty.
TEST_F(NotBackfilled, ARuleThatIsChangedIsSaid) {
  documents_stand();
  start(file(likes), {"--backfill"}).ready();
  terminate_all();
  Worker& one = start(file(R"(
  - name: likes
    count: { from: stars, reference: articleId, into: articles, field: favoritesCount })"),
                      {"--accept-changed-rules"})
                    .ready();
  EXPECT_TRUE(one.logs("rule likes is not backfilled: ")) << one.story();
}

TEST_F(NotBackfilled, APositionThatIsDroppedIsSaid) {
  db().insert("articles", R"({"_id":1})");
  start(file(likes)).ready();
  terminate_all();
  favourites(2);
  Worker& one = start(file(likes), {"--restart-now"}).ready();
  EXPECT_TRUE(one.logs("rule likes is not backfilled: ")) << one.story();
  EXPECT_EQ(run_sluice(command_of(one.err())).exit_code, 0);
  EXPECT_TRUE(counts("favoritesCount", 2));
}

TEST_F(NotBackfilled, ATriggerThatCountsIsSaid) {
  documents_stand();
  Worker& one = start(file(likes), {"--backfill"}).ready();
  state().insert("triggers", R"({"_id":"test/)" + db().database() +
                                 R"(/extra","pipeline":"test","stream":")" + db().database() +
                                 R"(","name":"extra","text":"by hand","rule":"{ name: extra, count: { from: )"
                                 R"(favorites, reference: articleId, into: articles, field: extraCount } }",)"
                                 R"("createdAt":{"$date":1000}})");
  ASSERT_TRUE(one.logs(db().database() + ":triggers: rule extra is not backfilled: ")) << one.story();
  EXPECT_EQ(run_sluice(command_of(one.err())).exit_code, 0);
  EXPECT_TRUE(counts("extraCount", 3));
  EXPECT_TRUE(becomes_silent(one));
}

TEST_F(NotBackfilled, ShardsSayItOnce) {
  documents_stand();
  start_shards(file(std::string(likes) + late_likes), 3);
  ASSERT_TRUE(worker(0).logs("rules likes, late-likes are not backfilled: ")) << worker(0).story();
  EXPECT_EQ(lines(worker(0)) + lines(worker(1)) + lines(worker(2)), 1);
  EXPECT_EQ(metric("sluice_rules_not_backfilled"), 2);
}

TEST_F(NotBackfilled, MembersOfAClusterSayItOnce) {
  documents_stand();
  const std::string path = file(likes);
  std::vector<Worker*> both = {&start_member(path, 4), &start_member(path, 4)};
  for (Worker* one : both) one->ready();
  members_again(both);
  ASSERT_TRUE(becomes_even(4));
  ASSERT_TRUE(soon([&] { return lines(*both[0]) + lines(*both[1]) > 0; }));
  // Whoever comes to hold the first partition says it, and it may have moved while both joined.
  const auto speakers = [&] {
    int count = 0;
    for (const Worker* one : both)
      count += one->get("/readyz").body.find("not backfilled") != std::string::npos;
    return count;
  };
  EXPECT_TRUE(soon([&] { return speakers() == 1; }));
  const Worker& speaker =
      both[0]->get("/readyz").body.find("not backfilled") != std::string::npos ? *both[0] : *both[1];
  EXPECT_EQ(lines(speaker), 1) << speaker.story();
}

}  // namespace
}  // namespace sluice::test
