#include "support/fixture.hpp"

namespace sluice::test {
namespace {

/// Values are told apart byte by byte everywhere: by workers, backfills, verification and repairs.
class Equality : public PipelineTest {
 protected:
  void make_case_blind(const std::string& collection) {
    db().command(R"({"create":")" + collection + R"(","collation":{"locale":"en","strength":2}})");
  }
  Outcome verify(std::vector<std::string> flags = {}) {
    return run_sluice(here_run({"verify", realworld_file()}, std::move(flags)));
  }
  void refuses(const Outcome& outcome, int exit_code, const std::string& text) {
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome.out << outcome.err;
    EXPECT_NE((outcome.out + outcome.err).find(text), std::string::npos) << outcome.out << outcome.err;
  }
};

/// By which the server would count two values as one: nobody starts on it.
TEST_F(Equality, ATargetWithACollationIsRefusedByAll) {
  make_case_blind("tags");
  const std::string why = "tags has the default collation";
  Worker& worker = start(realworld_file());
  EXPECT_EQ(worker.wait(), 2) << worker.story();
  EXPECT_NE(worker.err().find("rule 'tag-tally', 'into': " + db().database() + "." + why), std::string::npos)
      << worker.story();
  Worker& member = start_member(realworld_file(), 2);
  EXPECT_EQ(member.wait(), 2) << member.story();
  EXPECT_NE(member.err().find(why), std::string::npos) << member.story();
  Worker& filler = start(realworld_file(), {"--backfill"});
  EXPECT_EQ(filler.wait(), 2) << filler.story();
  refuses(verify(), 2, why);
  refuses(verify({"--repair"}), 2, why);
  EXPECT_EQ(verify({"--rule", "favorites-count"}).exit_code, 0);

  db().command(R"({"drop":"tags"})");
  start(realworld_file()).ready();
}

TEST_F(Equality, NeitherIsAViewOrACappedCollectionATarget) {
  db().command(R"({"create":"tags","viewOn":"elsewhere","pipeline":[]})");
  Worker& worker = start(realworld_file());
  EXPECT_EQ(worker.wait(), 2) << worker.story();
  EXPECT_NE(worker.err().find("tags is a view"), std::string::npos) << worker.story();
  db().command(R"({"drop":"tags"})");
  db().command(R"({"create":"tags","capped":true,"size":100000})");
  Worker& other = start(realworld_file());
  EXPECT_EQ(other.wait(), 2) << other.story();
  EXPECT_NE(other.err().find("tags is a capped collection"), std::string::npos) << other.story();
}

/// A log whose documents have ids of their own may be sorted as one likes.
TEST_F(Equality, InsertsUnderIdsOfTheirEventsGoIntoAnyCollection) {
  make_case_blind("log");
  start(file(R"(
  - name: log
    write: { from: users, into: log, values: { name: NEW.name } }
)"))
      .ready();
  db().insert("users", R"({"_id":1,"name":"ann"})");
  db().insert("users", R"({"_id":2,"name":"ANN"})");
  ASSERT_TRUE(settled());
  EXPECT_EQ(db().count("log"), 2);
}

/// Sources are only read, and what is read is compared here.
TEST_F(Equality, ASourceMayHaveACollation) {
  for (const char* source : {"users", "favorites"}) make_case_blind(source);
  db().insert("articles", R"({"_id":"a","authorId":"Ann","tagList":["Rot"]})");
  db().insert("users", R"({"_id":"ann","username":"ann"})");
  db().insert("favorites", R"({"_id":1,"articleId":"a"})");
  start(realworld_file(), {"--backfill"}).ready();
  db().insert("articles", R"({"_id":"A","authorId":"ann","tagList":["rot","ROT"]})");
  db().insert("favorites", R"({"_id":2,"articleId":"A"})");
  db().insert("favorites", R"({"_id":3,"articleId":"A"})");
  const std::string lower = R"({"_id":"a","authorId":"Ann","tagList":["Rot"],"favoritesCount":1})";
  const std::string upper = R"({"_id":"A","authorId":"ann","authorUsername":"ann","tagList":["rot","ROT"],
      "favoritesCount":2})";
  EXPECT_TRUE(becomes("articles", R"("a")", lower));
  EXPECT_TRUE(becomes("articles", R"("A")", upper));
  ASSERT_TRUE(settled());
  EXPECT_EQ(db().count("tags"), 3);
  for (const std::vector<std::string>& flags :
       {std::vector<std::string>{}, {"--sample", "100"}, {"--repair"}}) {
    const Outcome outcome = verify(flags);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
  }
  EXPECT_TRUE(becomes("articles", R"("a")", lower));
  EXPECT_TRUE(becomes("articles", R"("A")", upper));
  db().remove("favorites", R"({"_id":3})");
  EXPECT_TRUE(soon([&] { return db().count("articles", R"({"_id":"A","favoritesCount":1})") == 1; }));
}

}  // namespace
}  // namespace sluice::test
