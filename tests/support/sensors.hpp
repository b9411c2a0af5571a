#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "sensors/story.hpp"
#include "support/fixture.hpp"

namespace sluice::test {

/// One of the services of deploy/examples/sensors, on a port that stays its own.
class DemoService {
 public:
  /// `arguments` follow its name and port.
  DemoService(std::string name, std::vector<std::string> arguments);

  /// Returns when it takes connections.
  void start();
  void kill9() { process_.reset(); }
  int port() const { return port_.number(); }
  /// All that it has said, also before it was killed.
  std::string out() const { return read_file(folder_.path() / "out"); }

 private:
  TemporaryDirectory folder_;
  workbench::Port port_;
  std::vector<std::string> command_;
  std::unique_ptr<Process> process_;
};

/// deploy/examples/sensors with databases and ports of the test's own. The data service stores in db().
class SensorsTest : public PipelineTest {
 protected:
  SensorsTest();

  /// The example's file, with the test's databases and ports.
  const std::string& rules() const { return rules_; }
  Mongo& alerts_db() { return alerts_db_; }
  void start_services();
  /// What is not as it has to be, a line each.
  std::string wrong();
  /// Waits until all is right.
  testing::AssertionResult right();

  DemoService data_;
  DemoService alerts_;
  DemoService provider_;

 private:
  Mongo alerts_db_;
  TemporaryDirectory folder_;
  std::string rules_;
};

/// A file of deploy/ with each `first` in it replaced by its `second`. Throws where one is not there.
std::string deployed(const std::string& path,
                     const std::vector<std::pair<std::string, std::string>>& replacements);

}  // namespace sluice::test
