#pragma once

#include <functional>
#include <string>

#include "support/fixture.hpp"

namespace sluice::test {

/// The server fails single commands of the workers: refuses them, hangs up, or carries them out and answers
/// with an error.
class FailPoints : public PipelineTest {
 protected:
  FailPoints() {
    storm_.sizes = {.users = 20, .articles = 60, .comments = 60, .favorites = 200, .seed = random_seed()};
    storm_.writers = 1;
    storm_.operations = 600;
    storm_.user_rounds = 1;
  }
  ~FailPoints() override { fail("", "\"off\""); }

  /// `what` is the fail point's data behind the list of commands.
  void fail(const std::string& what, const std::string& mode) {
    const std::string data = what.empty() ? "" : ",\"data\":{" + what + "}";
    db().admin(R"({"configureFailPoint":"failCommand","mode":)" + mode + data + "}");
  }
  /// How often it has struck in the server's life; ends it.
  std::int64_t struck() {
    return db().admin(R"({"configureFailPoint":"failCommand","mode":"off"})").integer("count");
  }
  /// A storm during which commands fail as told, each with a probability; exact afterwards, and no event is
  /// to blame for any of it.
  void storm_under(const std::string& what, const std::string& probability = "0.2") {
    storm_while(what, "{\"activationProbability\":" + probability + "}", [] { return true; });
  }
  /// The same, but each of the commands fails, until `seen` tells that the worker noticed: for commands so
  /// rare that a probability might spare them all.
  void storm_until(const std::string& what, const std::function<bool()>& seen) {
    storm_while(what, "\"alwaysOn\"", seen);
  }

  realworld::StormOptions storm_;

 private:
  void storm_while(const std::string& what, const std::string& mode, const std::function<bool()>& seen) {
    start(realworld_file(), {"--batch-docs", "20", "--lease-ms", "3000"}).ready();
    realworld::seed(db(), storm_.sizes);
    fail(what, mode);
    realworld::storm(server().patient_uri(), db().database(), storm_);
    EXPECT_TRUE(soon(seen));
    fail("", "\"off\"");
    EXPECT_TRUE(exact()) << "SLUICE_SEED=" << random_seed();
    EXPECT_EQ(metric("sluice_events_dead_total"), 0);
  }
};

}  // namespace sluice::test
