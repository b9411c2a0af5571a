#include "support/fixture.hpp"
#include "support/storm_thread.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// The server fails single commands of the workers: refuses them, hangs up, or carries them out and answers
/// with an error.
class LostAnswers : public PipelineTest {
 protected:
  LostAnswers() {
    storm_.sizes = {.users = 20, .articles = 60, .comments = 60, .favorites = 200, .seed = random_seed()};
    storm_.writers = 1;
    storm_.operations = 1000;
    storm_.user_rounds = 1;
  }
  ~LostAnswers() override { fail("", "\"off\""); }

  /// `what` is the fail point's data behind the list of commands.
  void fail(const std::string& what, const std::string& mode) {
    const std::string data = what.empty() ? "" : ",\"data\":{" + what + "}";
    db().admin(R"({"configureFailPoint":"failCommand","mode":)" + mode + data + "}");
  }
  void storm_under(const std::string& what) {
    start(realworld_file(), {"--batch-docs", "20"}).ready();
    realworld::seed(db(), storm_.sizes);
    fail(what, R"({"activationProbability":0.2})");
    realworld::storm(server().patient_uri(), db().database(), storm_);
    fail("", "\"off\"");
    EXPECT_TRUE(exact()) << "SLUICE_SEED=" << random_seed();
    EXPECT_EQ(metric("sluice_events_dead_total"), 0);
    terminate_all();
  }

  realworld::StormOptions storm_;
};

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

TEST_F(LostAnswers, ACursorThatDies) {
  storm_under(R"("failCommands":["getMore"],"errorCode":43)");
}

TEST_F(LostAnswers, AGetMoreThatHangsUp) {
  storm_under(R"("failCommands":["getMore"],"closeConnection":true)");
}

}  // namespace
}  // namespace sluice::test
