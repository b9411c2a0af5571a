#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "sensors/story.hpp"
#include "support/fixture.hpp"

namespace sluice::test {

/// A service of deploy/examples/sensors. It keeps its port when it is restarted.
class DemoService {
 public:
  /// `arguments`: those after its name and port.
  DemoService(std::string name, std::vector<std::string> arguments);

  /// Starts it, and waits until it accepts connections.
  void start();
  void kill9() { process_.reset(); }
  int port() const { return port_.number(); }
  /// Its output, including that from before it was killed.
  std::string out() const { return read_file(folder_.path() / "out"); }

 private:
  TemporaryDirectory folder_;
  workbench::Port port_;
  std::vector<std::string> command_;
  std::unique_ptr<Process> process_;
};

/// Runs deploy/examples/sensors with the test's own databases and ports. The data service writes to db().
class SensorsTest : public PipelineTest {
 protected:
  SensorsTest();

  /// The path of the example's configuration file, with the test's databases and ports.
  const std::string& rules() const { return rules_; }
  Mongo& alerts_db() { return alerts_db_; }
  void start_services();
  /// The present errors in the databases and messages, one per line; "" if there are none.
  std::string wrong();
  /// Waits until there are no errors.
  testing::AssertionResult right();

  DemoService data_;
  DemoService alerts_;
  DemoService provider_;

 private:
  Mongo alerts_db_;
  TemporaryDirectory folder_;
  std::string rules_;
};

/// The text of a file of deploy/ with each `first` replaced by its `second`. Throws if a `first` does not
/// occur.
std::string deployed(const std::string& path,
                     const std::vector<std::pair<std::string, std::string>>& replacements);

}  // namespace sluice::test
