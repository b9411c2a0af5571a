#include <cstdio>

#include "commands.hpp"
#include "report.hpp"
#include "scenario.hpp"

namespace storm {

int run_scenarios(const Options& options, const Server& server) {
  std::vector<std::string> names = options.scenarios;
  if (names.empty()) names = {"users", "favourites", "tags", "mixed", "bare"};
  Json list = Json::list();
  for (const std::string& name : names) {
    const Scenario scenario = measure_scenario(options, server, name);
    std::printf("%s\n", text_of(scenario).c_str());
    std::fflush(stdout);
    list.add(json_of(scenario));
  }
  const std::string file = names.size() == 1 ? "run-" + names.front() : "run";
  const std::string path = save(options, file, heading(options, server).set("scenarios", list));
  std::printf("%s\n", path.c_str());
  return 0;
}

}  // namespace storm
