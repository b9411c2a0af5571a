#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "support/deploy.hpp"
#include "support/fixture.hpp"
#include "support/kafka_server.hpp"
#include "support/skipping.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// deploy/examples/bus/run as it is shipped. It kills the alert service, the worker and the broker, and
/// checks what came of it.
TEST(BusExample, EveryReadingOutOfItsRangeHasOneAlertInOrder) {
  const std::string& why = why_no_kafka();
  skip_if(why);
  if (!why.empty()) return;
  const TemporaryDirectory folder;
  const std::filesystem::path out = folder.path() / "out";
  Environment environment = {{"SLUICE_BUILT", std::filesystem::path(program_path()).parent_path()},
                             {"TMPDIR", folder.path()}};
  for (const char* name : {"SLUICE_MONGOD", "SLUICE_KAFKA", "SLUICE_CACHE"}) {
    if (const char* value = std::getenv(name)) environment.emplace(name, value);
  }
  Process example({.command = {deploy_folder() + "/examples/bus/run"},
                   .environment = environment,
                   .out = out,
                   .err = out});
  const auto code = example.wait(patience(180s));
  if (!code) {
    example.signal(SIGTERM);  // it ends what it has started
    example.wait(patience(30s));
  }
  const std::string said = read_file(out);
  EXPECT_EQ(code, 0) << said;
  EXPECT_NE(
      said.find("readings of 900 are out of range: each has one alert, in the order of its sensor, and the "
                "provider knows"),
      std::string::npos)
      << said;
  EXPECT_EQ(said.find("\n0 readings"), std::string::npos) << said;
}

}  // namespace
}  // namespace sluice::test
