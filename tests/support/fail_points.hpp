#pragma once

#include <functional>
#include <string>

#include "support/fixture.hpp"

namespace sluice::test {

/// Tests in which the server fails some commands of the workers: it refuses them, closes the connection, or
/// executes them and replies with an error.
class FailPoints : public PipelineTest {
 protected:
  FailPoints() {
    storm_.sizes = {.users = 20, .articles = 60, .comments = 60, .favorites = 200, .seed = random_seed()};
    storm_.writers = 1;
    storm_.operations = 600;
    storm_.user_rounds = 1;
  }
  ~FailPoints() override { fail("", "\"off\""); }

  /// Configures the server's fail point failCommand. `what`: the members of its `data`; "" for none.
  void fail(const std::string& what, const std::string& mode) {
    const std::string data = what.empty() ? "" : ",\"data\":{" + what + "}";
    db().admin(R"({"configureFailPoint":"failCommand","mode":)" + mode + data + "}");
  }
  /// Turns the fail point off. Returns how many commands it has failed since the server started.
  std::int64_t struck() {
    return db().admin(R"({"configureFailPoint":"failCommand","mode":"off"})").integer("count");
  }
  /// Runs a storm during which commands fail with a probability. Expects that the projections are exact
  /// afterwards, and that there are no dead letters.
  void storm_under(const std::string& what, const std::string& probability = "0.2") {
    storm_while(what, "{\"activationProbability\":" + probability + "}", [] { return true; });
  }
  /// The same, but every such command fails until `seen` returns true. For commands that are so rare that a
  /// probability might fail none of them.
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
