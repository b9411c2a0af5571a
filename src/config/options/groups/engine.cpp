#include "config/options/groups/groups.hpp"
#include "config/options/groups/store.hpp"

namespace sluice::config {
namespace {

/// How much work runs at the same time.
constexpr Option lane_table[] = {
    {.group = "Engine",
     .name = "workers",
     .env = "SLUICE_WORKERS",
     .path = "engine.workers",
     .type = OptionType::whole,
     .unit = "threads",
     .fallback = "1",
     .least = 1,
     .most = 64,
     .help = "Threads that run the streams. A stream runs on one thread at a time.",
     .store = set_number<&Config::engine, &EngineConfig::workers>},
    {.group = "Engine",
     .name = "lanes",
     .env = "SLUICE_LANES",
     .path = "engine.lanes",
     .type = OptionType::whole,
     .unit = "lanes",
     .fallback = "4",
     .least = 1,
     .most = 256,
     .help = "Lanes of each stream, which the partitions of a cluster divide among them. All writes to one "
             "target go through the same lane, in order.",
     .store = set_number<&Config::engine, &EngineConfig::lanes>},
    {.group = "Engine",
     .name = "in-flight",
     .env = "SLUICE_IN_FLIGHT",
     .path = "engine.in_flight",
     .type = OptionType::whole,
     .unit = "batches",
     .fallback = "4",
     .least = 1,
     .most = 256,
     .help = "Batches that are written at the same time, each on its own driver thread.",
     .store = set_number<&Config::engine, &EngineConfig::in_flight>},
};

/// How effects are gathered into transactions.
constexpr Option batch_table[] = {
    {.group = "Engine",
     .name = "batch-docs",
     .env = "SLUICE_BATCH_DOCS",
     .path = "engine.batch_docs",
     .type = OptionType::whole,
     .unit = "documents",
     .fallback = "1000",
     .least = 1,
     .most = 100'000,
     .help = "Maximum number of target documents written in one transaction.",
     .store = set_number<&Config::engine, &EngineConfig::batch_docs>},
    {.group = "Engine",
     .name = "batch-bytes",
     .env = "SLUICE_BATCH_BYTES",
     .path = "engine.batch_bytes",
     .type = OptionType::whole,
     .unit = "bytes",
     .fallback = "4194304",
     .least = 1024,
     .most = 64 << 20,
     .help = "Maximum size of the effects written in one transaction.",
     .store = set_number<&Config::engine, &EngineConfig::batch_bytes>},
    {.group = "Engine",
     .name = "batch-linger-ms",
     .env = "SLUICE_BATCH_LINGER_MS",
     .path = "engine.batch_linger_ms",
     .type = OptionType::whole,
     .unit = "ms",
     .fallback = "25",
     .least = 0,
     .most = 60'000,
     .help =
         "The longest that a busy lane waits to fill a batch. An idle lane writes at once. Partitions that "
         "count wait four times as long in a storm, and up to 400 ms while other instances write to the same "
         "documents.",
     .store = set_number<&Config::engine, &EngineConfig::batch_linger_ms>},
};

/// How far events are read ahead, and how they are fetched.
constexpr Option reading_table[] = {
    {.group = "Engine",
     .name = "queue-events",
     .env = "SLUICE_QUEUE_EVENTS",
     .path = "engine.queue_events",
     .type = OptionType::whole,
     .unit = "events",
     .fallback = "50000",
     .least = 1,
     .most = 10'000'000,
     .help = "Maximum number of events, per stream, that are read but not yet finished. At the limit, "
             "reading pauses. Partitions divide it; each may have at least twice --cursor-batch.",
     .store = set_number<&Config::engine, &EngineConfig::queue_events>},
    {.group = "Engine",
     .name = "queue-mb",
     .env = "SLUICE_QUEUE_MB",
     .path = "engine.queue_mb",
     .type = OptionType::whole,
     .unit = "MiB",
     .fallback = "64",
     .least = 1,
     .most = 65'536,
     .help =
         "Memory limit of the process for events, the effects that rules make of them, and data being sent "
         "(at most a quarter of the limit). Streams share it; what several of them hold counts once. A "
         "single event or batch that is larger than its stream's share may exceed the limit.",
     .store = set_number<&Config::engine, &EngineConfig::queue_mb>},
    {.group = "Engine",
     .name = "cursor-batch",
     .env = "SLUICE_CURSOR_BATCH",
     .path = "engine.cursor_batch",
     .type = OptionType::whole,
     .unit = "events",
     .fallback = "5000",
     .least = 1,
     .most = 1'000'000,
     .help = "Events requested from the server in one getMore.",
     .store = set_number<&Config::engine, &EngineConfig::cursor_batch>},
    {.group = "Engine",
     .name = "max-await-ms",
     .env = "SLUICE_MAX_AWAIT_MS",
     .path = "engine.max_await_ms",
     .type = OptionType::whole,
     .unit = "ms",
     .fallback = "500",
     .least = 1,
     .most = 60'000,
     .help = "How long the server waits for new events before it answers a getMore without any.",
     .store = set_number<&Config::engine, &EngineConfig::max_await_ms>},
};

/// How long things may take.
constexpr Option time_limit_table[] = {
    {.group = "Engine",
     .name = "statement-ms",
     .env = "SLUICE_STATEMENT_MS",
     .path = "engine.statement_ms",
     .type = OptionType::whole,
     .unit = "ms",
     .fallback = "5000",
     .least = 10,
     .most = 60'000,
     .help = "A write statement that takes longer than this is split into smaller ones.",
     .store = set_number<&Config::engine, &EngineConfig::statement_ms>},
    {.group = "Engine",
     .name = "lease-ms",
     .env = "SLUICE_LEASE_MS",
     .path = "engine.lease_ms",
     .type = OptionType::whole,
     .unit = "ms",
     .fallback = "10000",
     .least = 100,
     .most = 3'600'000,
     .help = "How long a lease is valid without being renewed. The default in a cluster is 6000.",
     .store = set_number<&Config::engine, &EngineConfig::lease_ms>},
    {.group = "Engine",
     .name = "drain-ms",
     .env = "SLUICE_DRAIN_MS",
     .path = "engine.drain_ms",
     .type = OptionType::whole,
     .unit = "ms",
     .fallback = "5000",
     .least = 0,
     .most = 600'000,
     .help = "How long a stop waits for work in flight. The whole stop takes at most 2 s longer.",
     .store = set_number<&Config::engine, &EngineConfig::drain_ms>},
    {.group = "Engine",
     .name = "stall-ms",
     .env = "SLUICE_STALL_MS",
     .path = "engine.stall_ms",
     .type = OptionType::whole,
     .unit = "ms",
     .fallback = "30000",
     .least = 1000,
     .most = 3'600'000,
     .help = "How long pending work may make no progress before /readyz reports a stall.",
     .store = set_number<&Config::engine, &EngineConfig::stall_ms>},
};

}  // namespace

std::span<const Option> lane_options() {
  return lane_table;
}

std::span<const Option> batch_options() {
  return batch_table;
}

std::span<const Option> reading_options() {
  return reading_table;
}

std::span<const Option> time_limit_options() {
  return time_limit_table;
}

}  // namespace sluice::config
