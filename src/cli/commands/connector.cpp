#include "config/connector/connector.hpp"

#include <ostream>

#include "cli/commands.hpp"
#include "sluice/error.hpp"
#include "sluice/worker.hpp"

namespace sluice::cli {

int connector_command(const Arguments& arguments, std::ostream& out, std::ostream&) {
  const auto own = [&](std::string_view name) {
    const auto found = arguments.own.find(name);
    return found == arguments.own.end() ? std::string() : found->second;
  };
  const config::LoadedConnector loaded =
      config::load_connector({own("config"), own("name"), arguments.flags, config::connector_environment(),
                              own("stream"), own("headers"), own("replicas")});
  if (!own("print").empty()) {
    out << loaded.yaml;
    return exit_code::ok;
  }
  return run_worker(loaded.config);
}

}  // namespace sluice::cli
