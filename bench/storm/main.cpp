#include <cstdio>
#include <exception>

#include "commands.hpp"
#include "options.hpp"

int main(int argc, char** argv) {
  using namespace storm;
  const Options options = parse(argc, argv);
  try {
    const Driver driver;
    const Server server(options.server);
    if (options.command == "sweep") return run_sweep(options, server);
    if (options.command == "memory") return run_memory(options, server);
    if (options.command == "soak") return run_soak(options, server);
    if (options.command == "failover") return run_failover(options, server);
    if (options.command == "latency") return run_latency(options, server);
    if (options.command == "fill") return run_fill(options, server);
    if (options.command == "publish") return run_publish(options, server);
    if (options.command == "kafka") return run_kafka(options, server);
    if (options.command == "rabbitmq") return run_rabbitmq(options, server);
    if (options.command == "cache") return run_cache(options, server);
    if (options.command == "filter") return run_filter(options, server);
    if (options.command == "scale") return run_scale(options, server);
    if (options.command == "webhook") return run_webhook(options, server);
    return run_scenarios(options, server);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "storm: %s\n", error.what());
    return 1;
  }
}
