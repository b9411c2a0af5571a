#include "source/event_assembler.hpp"

#include <gtest/gtest.h>

#include "sluice/event.hpp"
#include "source/abilities.hpp"
#include "unit/bson/json.hpp"

namespace sluice::source {
namespace {

using Took = EventAssembler::Took;

class EventAssemblerTest : public testing::Test {
 protected:
  /// A fragment of the event "82AB", whose tokens end in the fragment's number.
  Took fragment(int number, int of, const std::string& fields) {
    const std::string end = number == 1 ? "2904" : "2B0" + std::to_string(2 * (number - 1)) + "04";
    return assembler_.take(store_.document(R"({"_id": {"_data": "82AB)" + end +
                                           R"("}, "splitEvent": {"fragment": )" + std::to_string(number) +
                                           R"(, "of": )" + std::to_string(of) + "}" + fields + "}"));
  }
  bson::View whole() {
    bytes_ = assembler_.event();
    return {bytes_.data(), bytes_.size()};
  }

  test::Store store_;
  EventAssembler assembler_;
  std::vector<std::uint8_t> bytes_;
};

TEST_F(EventAssemblerTest, LeavesWholeEventsAlone) {
  EXPECT_EQ(assembler_.take(store_.document(R"({"_id": {"_data": "82"}, "operationType": "insert"})")),
            Took::whole);
  EXPECT_FALSE(assembler_.in_mid_event());
}

TEST_F(EventAssemblerTest, PutsFragmentsTogether) {
  EXPECT_EQ(fragment(1, 3, R"(, "operationType": "update", "ns": {"db": "d", "coll": "c"})"), Took::part);
  EXPECT_TRUE(assembler_.in_mid_event());
  EXPECT_EQ(fragment(2, 3, R"(, "fullDocumentBeforeChange": {"a": 1})"), Took::part);
  EXPECT_EQ(
      fragment(3, 3, R"(, "updateDescription": {"updatedFields": {"a": 2}}, "documentKey": {"_id": 7})"),
      Took::last);
  const bson::View event = whole();
  EXPECT_FALSE(assembler_.in_mid_event());
  ChangeEvent parsed;
  ASSERT_TRUE(parse_event(event, parsed));
  EXPECT_EQ(parsed.operation, Operation::update);
  EXPECT_EQ(parsed.collection, "c");
  EXPECT_EQ(parsed.id.integer(), 7);
  EXPECT_EQ(parsed.before.at("a").integer(), 1);
  EXPECT_EQ(parsed.update.updated.at("a").integer(), 2);
  EXPECT_EQ(parsed.token.at("_data").text(), "82AB2B0404")
      << "the last fragment's: the stream goes on behind it";
  EXPECT_FALSE(event.at("splitEvent"));
}

/// Another run may have read the same event unsplit, and stored that token as done.
TEST_F(EventAssemblerTest, StandsWhereTheEventWouldUnsplit) {
  const std::string unsplit = "82AB04";
  const std::string previous = "82AA2B0404";
  fragment(1, 2, "");
  ASSERT_EQ(fragment(2, 2, ""), Took::last);
  ChangeEvent parsed;
  ASSERT_TRUE(parse_event(whole(), parsed));
  EXPECT_LE(parsed.token_data, unsplit);
  EXPECT_GT(parsed.token_data, previous);
  EXPECT_EQ(parsed.token_data, "82AB");
}

TEST_F(EventAssemblerTest, TakesOneAfterTheOther) {
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(fragment(1, 2, R"(, "operationType": "insert")"), Took::part);
    EXPECT_EQ(fragment(2, 2, R"(, "fullDocument": {})"), Took::last);
    EXPECT_EQ(whole().at("operationType").text(), "insert");
  }
}

TEST_F(EventAssemblerTest, StartsAnewAtAFirstFragment) {
  EXPECT_EQ(fragment(1, 3, R"(, "a": 1)"), Took::part);
  EXPECT_EQ(fragment(2, 3, R"(, "b": 1)"), Took::part);
  EXPECT_EQ(fragment(1, 2, R"(, "a": 2)"), Took::part) << "the stream was opened again behind the last event";
  EXPECT_EQ(fragment(2, 2, R"(, "c": 2)"), Took::last);
  const bson::View event = whole();
  EXPECT_EQ(event.at("a").integer(), 2);
  EXPECT_FALSE(event.at("b"));
}

TEST_F(EventAssemblerTest, RefusesWhatDoesNotFollow) {
  EXPECT_EQ(fragment(2, 2, ""), Took::misfit) << "nothing came before it";
  fragment(1, 3, "");
  EXPECT_EQ(fragment(3, 3, ""), Took::misfit) << "the second is missing";
  fragment(1, 3, "");
  EXPECT_EQ(fragment(2, 4, ""), Took::misfit) << "of another event";
  fragment(1, 3, "");
  EXPECT_EQ(assembler_.take(store_.document(R"({"_id": {"_data": "83"}})")), Took::misfit);
  assembler_.clear();
  EXPECT_EQ(assembler_.take(store_.document(R"({"_id": {"_data": "83"}})")), Took::whole);
  EXPECT_EQ(fragment(1, 0, ""), Took::misfit);
  EXPECT_EQ(assembler_.take(store_.document(R"({"splitEvent": {"fragment": "1"}})")), Took::misfit);
}

TEST(Abilities, FollowFromTheVersion) {
  test::Store store;
  const auto of = [&](const std::string& version) {
    return abilities_of(store.document(R"({"versionArray": [)" + version + "]}"));
  };
  for (const char* version : {"6, 0, 5, 0", "6, 0, 8, 0", "6, 1, 9, 0", "6, 3, 0, 0", "5, 0, 20, 0", ""}) {
    EXPECT_FALSE(of(version).splits_events) << version;
    EXPECT_FALSE(of(version).tells_dotted_names) << version;
  }
  EXPECT_TRUE(of("6, 0, 9, 0").splits_events);
  EXPECT_FALSE(of("6, 0, 9, 0").tells_dotted_names);
  for (const char* version : {"7, 0, 0, 0", "8, 1, 0, 0"}) {
    EXPECT_TRUE(of(version).splits_events) << version;
    EXPECT_TRUE(of(version).tells_dotted_names) << version;
  }
  EXPECT_FALSE(abilities_of({}).splits_events);
}

}  // namespace
}  // namespace sluice::source
