#include "config/check_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "config/feed_check.hpp"
#include "config/names.hpp"
#include "config/options/options.hpp"
#include "config/problems.hpp"
#include "config/relay_check.hpp"

namespace sluice::config {

namespace {

void check_engine(const Config& config, Problems& problems) {
  struct Number {
    std::string_view option;
    std::string_view member;
    std::int64_t value;
  };
  const EngineConfig& engine = config.engine;
  const std::array numbers{Number{"workers", "engine.workers", engine.workers},
                           Number{"lanes", "engine.lanes", engine.lanes},
                           Number{"batch-docs", "engine.batch_docs", engine.batch_docs},
                           Number{"batch-bytes", "engine.batch_bytes", engine.batch_bytes},
                           Number{"batch-linger-ms", "engine.batch_linger_ms", engine.batch_linger_ms},
                           Number{"queue-events", "engine.queue_events", engine.queue_events},
                           Number{"queue-mb", "engine.queue_mb", engine.queue_mb},
                           Number{"in-flight", "engine.in_flight", engine.in_flight},
                           Number{"max-await-ms", "engine.max_await_ms", engine.max_await_ms},
                           Number{"cursor-batch", "engine.cursor_batch", engine.cursor_batch},
                           Number{"lease-ms", "engine.lease_ms", engine.lease_ms},
                           Number{"drain-ms", "engine.drain_ms", engine.drain_ms},
                           Number{"statement-ms", "engine.statement_ms", engine.statement_ms},
                           Number{"stall-ms", "engine.stall_ms", engine.stall_ms},
                           Number{"shard-count", "shard_count", config.shard_count},
                           Number{"partitions", "partitions", config.partitions}};
  for (const auto& [name, member, value] : numbers) {
    const Option& one = option(name);
    if (value >= one.least && value <= one.most) continue;
    problems.push_back(
        {"", 0, 0, fmt::format("Config::{} is {}; it must be {}", member, value, allowed_text(one))});
  }
  if (config.shard_index < 0 || config.shard_index >= config.shard_count) {
    problems.push_back({"", 0, 0,
                        fmt::format("Config::shard_index is {}; it must be below shard_count ({})",
                                    config.shard_index, config.shard_count)});
  }
}

void check_streams(const Config& config, Problems& problems) {
  const auto add = [&](const std::string& what, const std::string& why) {
    if (!why.empty()) problems.push_back({"", 0, 0, what + ": " + why});
  };
  if (config.streams.empty()) add("Config::streams", "there is none; state at least one");
  for (std::size_t i = 0; i < config.streams.size(); ++i) {
    const StreamConfig& stream = config.streams[i];
    const std::string what = fmt::format("Config::streams[{}]", i);
    add(what + ".name '" + stream.name + "'", why_no_name(stream.name));
    add(what + ".database '" + stream.database + "'", why_no_database(stream.database));
    if (stream.uri.empty() == stream.uri_file.empty()) add(what, "state 'uri' or 'uri_file'");
    const auto same = [&](const StreamConfig& other) { return other.name == stream.name; };
    if (std::ranges::count_if(config.streams, same) > 1)
      add(what + ".name '" + stream.name + "'", "is not the only one of this name");
  }
}

void check_relay(const Config& config, Problems& problems) {
  if (!config.relay) return;
  const auto add = [&](const std::string& why) {
    if (!why.empty()) problems.push_back({"", 0, 0, "Config::relay: " + why});
  };
  add(why_no_relay_stream(config.relay.stream));
  add(why_no_relay_topic(config.relay.topic));
  add(why_no_relay_of_both(config.relay.stream, config.relay.topic));
  add(why_no_relay_group(config.relay));
  add(why_no_relay_partitions(config.relay, config.partitions, config.shard_count));
  add(why_no_relay_of(config.streams.size()));
  const auto from_tokens = [](const StreamConfig& stream) { return !stream.resume_tokens.empty(); };
  if (std::ranges::any_of(config.streams, from_tokens)) add(no_relay_from_tokens);
}

void check_feed(const Config& config, Problems& problems) {
  for (const std::string& why :
       {why_no_feed(config), why_no_feed_host(config.feed), why_no_feed_address(config.feed)}) {
    if (!why.empty()) problems.push_back({"", 0, 0, "Config::feed: " + why});
  }
}

}  // namespace

void check_config(const Config& config) {
  Problems problems;
  if (const std::string why = why_no_name(config.pipeline); !why.empty())
    problems.push_back({"", 0, 0, fmt::format("Config::pipeline '{}': {}", config.pipeline, why)});
  if (const std::string why = why_no_database(config.state_database); !why.empty())
    problems.push_back(
        {"", 0, 0, fmt::format("Config::state_database '{}': {}", config.state_database, why)});
  check_engine(config, problems);
  check_streams(config, problems);
  check_relay(config, problems);
  check_feed(config, problems);
  if (!problems.empty()) throw PlacedError(std::move(problems));
}

}  // namespace sluice::config
