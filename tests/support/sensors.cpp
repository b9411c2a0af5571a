#include "support/sensors.hpp"
#include "support/deploy.hpp"

#include <stdexcept>

#include "workbench/eventually.hpp"

namespace sluice::test {

using namespace std::chrono_literals;

DemoService::DemoService(std::string name, std::vector<std::string> arguments)
    : command_{SLUICE_SENSORS_DEMO, std::move(name), "--port", port_.text()} {
  command_.insert(command_.end(), arguments.begin(), arguments.end());
}

void DemoService::start() {
  process_ = std::make_unique<Process>(
      Process::Options{command_, {}, folder_.path() / "out", folder_.path() / "err"});
  const bool up = workbench::eventually(patience(20s),
                                        [&] { return workbench::listens(port()) || process_->exit_code(); });
  if (!up || process_->exit_code()) {
    throw std::runtime_error("the service did not start: " + read_file(folder_.path() / "err"));
  }
}

std::string deployed(const std::string& path,
                     const std::vector<std::pair<std::string, std::string>>& replacements) {
  std::string text = read_file(deploy_folder() + "/" + path);
  for (const auto& [from, to] : replacements) {
    auto at = text.find(from);
    if (at == std::string::npos) throw std::runtime_error(path + " does not hold " + from);
    for (; at != std::string::npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
  }
  return text;
}

SensorsTest::SensorsTest()
    : data_("data", {"--uri", server().patient_uri(), "--database", db().database()}),
      alerts_("alerts", {"--uri", server().patient_uri(), "--database", db().database() + "_al"}),
      provider_("provider", {}),
      alerts_db_(server().patient_uri(), db().database() + "_al") {
  alerts_db_.drop_database();
  rules_ = folder_.write("sluice.yaml",
                         deployed("examples/sensors/sluice.yaml",
                                  {{"sensor_data", db().database()},
                                   {"sensor_alerts", alerts_db_.database()},
                                   {"127.0.0.1:3001", "127.0.0.1:" + std::to_string(alerts_.port())},
                                   {"127.0.0.1:3002", "127.0.0.1:" + std::to_string(provider_.port())}}));
}

void SensorsTest::start_services() {
  for (DemoService* one : {&data_, &alerts_, &provider_}) one->start();
}

std::string SensorsTest::wrong() {
  std::string all;
  for (const std::string& one : sensors::wrong(db(), alerts_db_, provider_.out())) all += one + "\n";
  return all;
}

testing::AssertionResult SensorsTest::right() {
  std::string last;
  const bool held = soon([&] { return (last = wrong()).empty(); }, 60s);
  if (held && settled() && (last = wrong()).empty()) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "\n" << last << "SLUICE_SEED=" << random_seed();
}

}  // namespace sluice::test
