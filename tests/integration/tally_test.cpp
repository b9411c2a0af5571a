#include "support/fixture.hpp"

namespace sluice::test {
namespace {

class Tally : public PipelineTest {
 protected:
  void article(int id, const std::string& tags) {
    db().insert("articles", "{\"_id\":" + std::to_string(id) + ",\"tagList\":" + tags + "}");
  }
  void edit(int id, const std::string& update) {
    db().update("articles", "{\"_id\":" + std::to_string(id) + "}", update);
  }
  testing::AssertionResult counts(const std::string& tag, int count) {
    if (count == 0) return vanishes("tags", tag);
    return becomes("tags", tag, "{\"_id\":" + tag + ",\"articleCount\":" + std::to_string(count) + "}");
  }
};

TEST_F(Tally, ATagAtZeroGoes) {
  start(realworld_file()).ready();
  article(1, R"(["js","db"])");
  article(2, R"(["js"])");
  EXPECT_TRUE(counts(R"("js")", 2));
  EXPECT_TRUE(counts(R"("db")", 1));
  db().remove("articles", R"({"_id":1})");
  EXPECT_TRUE(counts(R"("js")", 1));
  EXPECT_TRUE(counts(R"("db")", 0));
  db().remove("articles", R"({"_id":2})");
  EXPECT_TRUE(counts(R"("js")", 0));
  EXPECT_EQ(db().count("tags"), 0);
}

TEST_F(Tally, ATagRepeatedInOneArrayCountsOnce) {
  start(realworld_file()).ready();
  article(1, R"(["js","js","db","js"])");
  EXPECT_TRUE(counts(R"("db")", 1));
  EXPECT_TRUE(counts(R"("js")", 1));
  edit(1, R"({"$set":{"tagList":["js","js"]}})");
  EXPECT_TRUE(counts(R"("db")", 0));
  EXPECT_TRUE(counts(R"("js")", 1));
  edit(1, R"({"$set":{"tagList.0":"db"}})");  // one js is left
  EXPECT_TRUE(counts(R"("db")", 1));
  EXPECT_TRUE(counts(R"("js")", 1));
}

TEST_F(Tally, AHandMadeEntryIsCountedOn) {
  start(realworld_file()).ready();
  db().insert("tags", R"({"_id":"js","articleCount":2,"colour":"yellow"})");
  article(1, R"(["js"])");
  EXPECT_TRUE(becomes("tags", "\"js\"", R"({"_id":"js","articleCount":3,"colour":"yellow"})"));
  db().remove("articles", R"({"_id":1})");
  EXPECT_TRUE(becomes("tags", "\"js\"", R"({"_id":"js","articleCount":2,"colour":"yellow"})"));
}

TEST_F(Tally, EveryWayToChangeAnArray) {
  start(realworld_file()).ready();
  article(1, R"(["a","b"])");
  edit(1, R"({"$push":{"tagList":"c"}})");
  EXPECT_TRUE(counts(R"("c")", 1));
  edit(1, R"({"$pull":{"tagList":"a"}})");
  EXPECT_TRUE(counts(R"("a")", 0));
  edit(1, R"({"$pop":{"tagList":1}})");
  EXPECT_TRUE(counts(R"("c")", 0));
  edit(1, R"({"$set":{"tagList.3":"d"}})");  // leaves nulls between: a null in an array is a value
  EXPECT_TRUE(counts(R"("d")", 1));
  EXPECT_TRUE(counts("null", 1));
  edit(1, R"({"$push":{"tagList":{"$each":["e","f"],"$position":0}}})");
  EXPECT_TRUE(counts(R"("e")", 1));
  EXPECT_TRUE(counts(R"("b")", 1));
  edit(1, R"({"$push":{"tagList":{"$each":[],"$slice":1}}})");
  EXPECT_TRUE(counts(R"("f")", 0));
  EXPECT_TRUE(counts("null", 0));
  EXPECT_TRUE(counts(R"("e")", 1));
  edit(1, R"({"pipeline":[{"$set":{"tagList":{"$concatArrays":["$tagList",["x","e"]]}}}]})");
  EXPECT_TRUE(counts(R"("x")", 1));
  EXPECT_TRUE(counts(R"("e")", 1));
  edit(1, R"({"$unset":{"tagList":""}})");
  EXPECT_TRUE(counts(R"("x")", 0));
  EXPECT_TRUE(counts(R"("e")", 0));
  db().replace("articles", R"({"_id":1})", R"({"tagList":["y"]})");
  EXPECT_TRUE(counts(R"("y")", 1));
  ASSERT_TRUE(settled());
  EXPECT_EQ(db().count("tags"), 1);
}

TEST_F(Tally, AScalarFieldCountsAsItsOnlyValue) {
  start(realworld_file()).ready();
  article(1, R"("solo")");
  article(2, "null");
  EXPECT_TRUE(counts(R"("solo")", 1));
  EXPECT_TRUE(counts("null", 1));
  edit(2, R"({"$unset":{"tagList":""}})");
  EXPECT_TRUE(counts("null", 0));
  edit(1, R"({"$set":{"tagList":["solo","duo"]}})");
  EXPECT_TRUE(counts(R"("duo")", 1));
  EXPECT_TRUE(counts(R"("solo")", 1));
  edit(1, R"({"$set":{"tagList":"duo"}})");
  EXPECT_TRUE(counts(R"("solo")", 0));
  EXPECT_EQ(db().count("tags"), 1);
}

TEST_F(Tally, ValuesOfManyTypes) {
  const std::vector<std::string> values = {"0",
                                           R"("")",
                                           "null",
                                           "true",
                                           "1.5",
                                           R"({"$oid":"650000010000000000000001"})",
                                           R"({"$numberDecimal":"1.25"})",
                                           R"({"$date":{"$numberLong":"1700000000000"}})",
                                           R"({"k":{"v":1}})"};
  start(realworld_file()).ready();
  std::string all;
  for (const std::string& value : values) all += (all.empty() ? "" : ",") + value;
  article(1, "[" + all + "]");
  article(2, "[" + all + "]");
  for (const std::string& value : values) EXPECT_TRUE(counts(value, 2));
  db().remove_many("articles", {});
  for (const std::string& value : values) EXPECT_TRUE(counts(value, 0));
}

TEST_F(Tally, NestedFields) {
  start(file(R"(
  - name: colours
    tally: { from: things, field: look.colours, into: colours, count: stats.things }
)"))
      .ready();
  db().insert("things", R"({"_id":1,"look":{"colours":["red","blue"]}})");
  EXPECT_TRUE(becomes("colours", "\"red\"", R"({"_id":"red","stats":{"things":1}})"));
  db().update("things", R"({"_id":1})", R"({"$set":{"look":{"size":4}}})");
  EXPECT_TRUE(vanishes("colours", "\"red\""));
  EXPECT_TRUE(vanishes("colours", "\"blue\""));
}

}  // namespace
}  // namespace sluice::test
