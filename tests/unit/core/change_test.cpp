#include "sluice/change.hpp"

#include <gtest/gtest.h>

#include "core/change_body.hpp"
#include "unit/bson/json.hpp"

namespace sluice {
namespace {

class ChangeTest : public testing::Test {
 protected:
  Change change(const std::string& fields) {
    return Change(std::make_shared<const Change::Body>(
        store_.document(R"({"_id":{"_data":"82"},"clusterTime":{"$timestamp":{"t":7,"i":3}},)"
                        R"("ns":{"db":"shop","coll":"orders"},"documentKey":{"_id":5},)" +
                        fields + "}"),
        "h-82", 2));
  }

  test::Store store_;
};

TEST_F(ChangeTest, OwnsWhatItTells) {
  std::optional<Change> copy;
  {
    const Change made = change(R"("operationType":"insert","fullDocument":{"_id":5,"a":"x"})");
    copy.emplace(made);
  }
  EXPECT_EQ(copy->operation(), Operation::insert);
  EXPECT_EQ(copy->database(), "shop");
  EXPECT_EQ(copy->collection(), "orders");
  EXPECT_EQ(copy->id().integer(), 5);
  EXPECT_EQ(copy->after().at("a").text(), "x");
  EXPECT_FALSE(copy->before());
  EXPECT_FALSE(copy->updated());
  EXPECT_TRUE(copy->touches("whatever"));
  EXPECT_EQ(copy->cluster_time(), (ClusterTime{7, 3}));
  EXPECT_EQ(copy->resume_token().at("_data").text(), "82");
  EXPECT_EQ(copy->idempotency_key(), "h-82");
  EXPECT_EQ(copy->attempt(), 2);
  EXPECT_EQ(copy->value_after("a")->text(), "x");
  EXPECT_FALSE(*copy->value_after("b")) << "the document has no such field";
}

TEST_F(ChangeTest, TellsTheValueAfterAnUpdateAsFarAsItCanBeKnown) {
  const std::string update =
      R"("operationType":"update","updateDescription":{"updatedFields":{"a.b":2},"removedFields":["c"]})";
  const Change blind = change(update);
  EXPECT_EQ(blind.value_after("a.b")->integer(), 2);
  EXPECT_FALSE(*blind.value_after("c")) << "it was removed";
  EXPECT_FALSE(blind.value_after("d")) << "nobody knows";
  EXPECT_TRUE(blind.touches("a"));
  EXPECT_FALSE(blind.touches("d"));
  const Change seeing =
      change(update + R"(,"fullDocumentBeforeChange":{"_id":5,"a":{"b":1,"z":9},"c":1,"d":4})");
  EXPECT_EQ(seeing.value_after("d")->integer(), 4);
  EXPECT_EQ(seeing.value_after("a")->document().at("b").integer(), 2);
  EXPECT_EQ(seeing.value_after("a")->document().at("z").integer(), 9);
}

TEST_F(ChangeTest, SaysWhenPartsOfItAreMissing) {
  EXPECT_TRUE(change(R"("operationType":"delete")").complete());
  EXPECT_FALSE(change(R"("operationType":"delete","sluiceDetail":1)").complete());
}

}  // namespace
}  // namespace sluice
