#include "support/fail_points.hpp"
#include "support/positions.hpp"

namespace sluice::test {
namespace {

/// The collections of the state database refuse what is written to them, for a while.
class RefusedCheckpoints : public FailPoints {
 protected:
  /// A fail point's data for one command on one collection of the state.
  std::string on(const std::string& command, const std::string& collection, const std::string& how) {
    return "\"failCommands\":[\"" + command + "\"],\"namespace\":\"" + state().database() + "." + collection +
           "\"," + how;
  }
  std::function<bool()> refused() {
    return [this] { return metric("sluice_retries_total", "checkpoint") >= 1; };
  }
};

TEST_F(RefusedCheckpoints, TheLanesAreOnAServerThatSteppedDown) {
  storm_under(on("update", "lanes", R"("errorCode":189)"));
}

/// Only events may be set aside for what events did. A full disk is nobody's fault, and passes.
TEST_F(RefusedCheckpoints, TheLanesAreRefusedForAReasonOfTheirOwn) {
  storm_under(on("update", "lanes", R"("errorCode":14031,"errorLabels":[])"), "0.4");
  EXPECT_GE(metric("sluice_retries_total"), 1);
}

TEST_F(RefusedCheckpoints, TheLanesHangUp) {
  storm_under(on("update", "lanes", R"("closeConnection":true)"));
}

/// For longer than a lease lives: nobody else wants it, so it is renewed late.
TEST_F(RefusedCheckpoints, TheFloorIsRefusedForLongerThanTheLease) {
  start(realworld_file(), {"--lease-ms", "1500"}).ready();
  realworld::seed(db(), storm_.sizes);
  fail(on("update", "shards", R"("errorCode":14031)"), "\"alwaysOn\"");
  ASSERT_TRUE(soon([&] { return metric("sluice_checkpoint_age_seconds") > 2.5; }));
  realworld::storm(server().patient_uri(), db().database(), storm_);
  EXPECT_TRUE(worker().logs("the checkpoint could not be stored"));
  fail("", "\"off\"");
  EXPECT_TRUE(exact()) << "SLUICE_SEED=" << random_seed();
  terminate_all();
}

TEST_F(RefusedCheckpoints, TheFloorHangsUp) {
  storm_until(on("update", "shards", R"("closeConnection":true)"), refused());
}

/// Written, but not by a majority: a fail-over may take it back, so it does not count as stored.
TEST_F(RefusedCheckpoints, TheFloorReachesNoMajority) {
  storm_until(on("update", "shards", R"("writeConcernError":{"code":64,"errmsg":"waiting timed out"})"),
              refused());
}

/// The server's clock goes on, and with it an idle stream's position; an event that is not done holds it.
TEST_F(RefusedCheckpoints, AnIdleStreamDoesNotPassWhatIsInFlight) {
  start(realworld_file(), {"--lease-ms", "600"}).ready();
  ASSERT_TRUE(settled());
  fail(on("update", "lanes", R"("errorCode":189)"), "\"alwaysOn\"");
  db().insert("favorites", R"({"articleId":1})");
  const auto event = db().operation_time();
  ASSERT_TRUE(soon([&] { return metric("sluice_events_in_flight") == 1; }));
  // Positions are stored all the while: each renewal of the lease would do so if there were one.
  std::string renewed;
  for (int renewals = 0; renewals < 3; ++renewals) {
    db().insert("unwatched", "{}");
    ASSERT_TRUE(soon([&] { return state().find_one("shards")->value("updatedAt") != renewed; }));
    renewed = state().find_one("shards")->value("updatedAt");
  }
  EXPECT_EQ(metric("sluice_events_in_flight"), 1);
  EXPECT_LT(oldest_position(state(), 1), event);
  fail("", "\"off\"");
  EXPECT_TRUE(settled());
  terminate_all();
}

/// From the first look at the layout to the ready line.
TEST_F(RefusedCheckpoints, AStart) {
  const auto layout = on("findAndModify", "layouts", R"("errorCode":91)");
  const auto origin =
      on("findAndModify", "layouts", R"("writeConcernError":{"code":189,"errmsg":"stepped down"})");
  const auto floor = on("update", "shards", R"("errorCode":10107)");
  for (const std::string& what : {layout, origin, floor}) {
    state().drop_database();
    const auto before = struck();
    fail(what, R"({"times":2})");
    start(realworld_file()).ready();
    EXPECT_EQ(struck(), before + 2) << what;
    terminate_all();
  }
}

}  // namespace
}  // namespace sluice::test
