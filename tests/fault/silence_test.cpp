#include "support/own_server.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

class Silence : public ServerFaults {
 protected:
  Silence() : ServerFaults(1) {}
};

/// A server that hangs answers nothing, not even with an error: the lag grows all the same, /readyz says what
/// is being waited for, and all is well again when the server wakes up.
TEST_F(Silence, LagGrowsAndReadinessTellsOfAServerThatHangs) {
  Worker& worker = start(realworld_file(), {"--stall-ms", "2000"}).ready();
  ASSERT_TRUE(settled());
  ASSERT_TRUE(soon([&] { return metric("sluice_lag_seconds") == 0; }));
  server().node(0).stop();
  EXPECT_TRUE(soon([&] { return metric("sluice_lag_seconds") > 3; }));
  EXPECT_TRUE(soon([&] { return metric("sluice_stalled") == 1; }));
  EXPECT_TRUE(soon([&] {
    return worker.get("/readyz").body.find("cursor has had no answer from the server") != std::string::npos;
  })) << worker.get("/readyz").body;
  EXPECT_TRUE(soon([&] { return worker.get("/readyz").status == 503; }));
  EXPECT_TRUE(soon([&] {
    return worker.get("/readyz").body.find("the checkpoint could not be stored") != std::string::npos;
  })) << worker.get("/readyz").body;
  server().node(0).cont();
  EXPECT_TRUE(
      soon([&] { return worker.get("/readyz").status == 200 && metric("sluice_lag_seconds") == 0; }, 60s))
      << worker.get("/readyz").body;
  EXPECT_TRUE(soon([&] { return metric("sluice_stalled") == 0; })) << worker.get("/readyz").body;
}

/// A server that is gone refuses at once. What was to be read from it grows older all the same.
TEST_F(Silence, LagGrowsAndReadinessTellsOfAServerThatIsGone) {
  Worker& worker = start(realworld_file()).ready();
  ASSERT_TRUE(settled());
  EXPECT_TRUE(soon([&] { return metric("sluice_ready") == 1; }));
  server().node(0).kill9();
  EXPECT_TRUE(soon([&] { return metric("sluice_lag_seconds") > 3 && metric("sluice_ready") == 0; }));
  EXPECT_TRUE(soon([&] { return worker.get("/readyz").body.find("is being reopened") != std::string::npos; }))
      << worker.get("/readyz").body;
  server().node(0).restart();
  server().wait_for_primary();
  EXPECT_TRUE(soon(
      [&] {
        return worker.get("/readyz").status == 200 && metric("sluice_ready") == 1 &&
               metric("sluice_lag_seconds") == 0;
      },
      60s))
      << worker.get("/readyz").body;
}

}  // namespace
}  // namespace sluice::test
