#include "support/fail_points.hpp"

namespace sluice::test {
namespace {

/// The tests' own client: an election, which a busy machine may cause at any time, must not fail a test.
class PatientClient : public FailPoints {
 protected:
  /// More often than the driver repeats a call by itself.
  void fail_thrice(const std::string& command, int code) {
    fail("\"failCommands\":[\"" + command + R"("],"errorCode":)" + std::to_string(code), R"({"times":3})");
  }
  static constexpr int not_primary = 10107;
  static constexpr int not_primary_for_reads = 13435;
  static constexpr int stepped_down_meanwhile = 11602;
};

TEST_F(PatientClient, RepeatsReadsUntilThereIsAPrimary) {
  db().insert("items", {R"({"_id":1})", R"({"_id":2})"});
  for (const int code : {not_primary_for_reads, stepped_down_meanwhile}) {
    fail_thrice("find", code);
    EXPECT_EQ(db().find("items").size(), 2U);
    fail_thrice("aggregate", code);
    EXPECT_EQ(db().count("items"), 2);
    fail_thrice("aggregate", code);
    EXPECT_EQ(db().aggregate("items", R"({"pipeline":[]})").size(), 2U);
  }
}

TEST_F(PatientClient, RepeatsCommandsThatWereRefused) {
  db().insert("items", R"({"_id":1})");
  fail_thrice("drop", not_primary);
  db().command(R"({"drop":"items"})");
  EXPECT_EQ(db().count("items"), 0);
}

TEST_F(PatientClient, RepeatsWhatMayBeDoneTwice) {
  db().insert("items", R"({"_id":1})");
  fail_thrice("dropDatabase", stepped_down_meanwhile);
  db().drop_database();
  EXPECT_EQ(db().count("items"), 0);
}

/// It may have been executed.
TEST_F(PatientClient, RepeatsNoCommandThatWasInterrupted) {
  db().insert("items", R"({"_id":1})");
  fail_thrice("drop", stepped_down_meanwhile);
  EXPECT_THROW(db().command(R"({"drop":"items"})"), workbench::MongoError);
}

/// Twice visited, a document would be counted twice.
TEST_F(PatientClient, RepeatsNoReadThatHasBegunToShowDocuments) {
  db().insert("items", {R"({"_id":1})", R"({"_id":2})", R"({"_id":3})"});
  fail_thrice("getMore", stepped_down_meanwhile);
  int seen = 0;
  EXPECT_THROW(db().scan("items", {}, R"({"batchSize":2})", [&](const Document&) { ++seen; }),
               workbench::MongoError);
  EXPECT_EQ(seen, 2);
}

}  // namespace
}  // namespace sluice::test
