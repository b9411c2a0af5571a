#include "support/fail_points.hpp"

namespace sluice::test {
namespace {

/// What a batch's transaction and the stream's cursor are told, and what not.
class LostAnswers : public FailPoints {};

TEST_F(LostAnswers, ACommitThatHangsUp) {
  storm_under(R"("failCommands":["commitTransaction"],"closeConnection":true)");
}

/// The commit is carried out; the answer says that nobody knows.
TEST_F(LostAnswers, ACommitThatHappensAndSaysItMayNotHave) {
  storm_under(
      R"("failCommands":["commitTransaction"],"writeConcernError":{"code":91,"errmsg":"shutting down"})");
}

TEST_F(LostAnswers, ACommitThatIsRefused) {
  storm_under(
      R"("failCommands":["commitTransaction"],"errorCode":251,"errorLabels":["TransientTransactionError"])");
}

/// Not by a reason that the server's own list of errors calls passing: still, no event is to blame.
TEST_F(LostAnswers, ACommitThatIsRefusedForAnUnknownReason) {
  storm_under(R"("failCommands":["commitTransaction"],"errorCode":8,"errorLabels":[])");
}

TEST_F(LostAnswers, ACursorThatDies) {
  storm_under(R"("failCommands":["getMore"],"errorCode":43)");
}

TEST_F(LostAnswers, AGetMoreThatHangsUp) {
  storm_under(R"("failCommands":["getMore"],"closeConnection":true)");
}

TEST_F(LostAnswers, AServerThatSaysItIsNoPrimary) {
  storm_under(
      R"("failCommands":["getMore","aggregate","find","update","bulkWrite","commitTransaction"],
         "errorCode":10107)",
      "0.05");
}

}  // namespace
}  // namespace sluice::test
