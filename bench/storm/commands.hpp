#pragma once

#include "options.hpp"
#include "server.hpp"

namespace storm {

/// The subcommands. Each measures, prints a table, writes a JSON file and returns the exit code.
int run_scenarios(const Options& options, const Server& server);
int run_sweep(const Options& options, const Server& server);
int run_memory(const Options& options, const Server& server);
int run_soak(const Options& options, const Server& server);
int run_failover(const Options& options, const Server& server);
int run_latency(const Options& options, const Server& server);
int run_fill(const Options& options, const Server& server);
int run_publish(const Options& options, const Server& server);
int run_kafka(const Options& options, const Server& server);
int run_rabbitmq(const Options& options, const Server& server);
int run_cache(const Options& options, const Server& server);
int run_webhook(const Options& options, const Server& server);
int run_scale(const Options& options, const Server& server);
int run_filter(const Options& options, const Server& server);

}  // namespace storm
