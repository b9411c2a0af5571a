#include "options.hpp"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>

namespace storm {
namespace {

void add_sizes(CLI::App& app, Sizes& sizes) {
  app.add_option("--users", sizes.users, "users storm: users")->capture_default_str();
  app.add_option("--articles-per-user", sizes.articles_per_user, "users storm: articles of each user")
      ->capture_default_str();
  app.add_option("--comments-per-user", sizes.comments_per_user, "users storm: comments of each user")
      ->capture_default_str();
  app.add_option("--favourites", sizes.favourites, "favourites storm: events")->capture_default_str();
  app.add_option("--loved-articles", sizes.loved_articles, "favourites storm: articles they fall on")
      ->capture_default_str();
  app.add_option("--delete-share", sizes.delete_share, "favourites storm: share of deletes, 0 to 0.5")
      ->capture_default_str();
  app.add_option("--tag-events", sizes.tag_events, "tags storm: article inserts and updates")
      ->capture_default_str();
  app.add_option("--tags", sizes.tags, "tags storm: different tags")->capture_default_str();
  app.add_option("--bare", sizes.bare, "bare storm: events")->capture_default_str();
  app.add_option("--seed", sizes.seed, "seed of every random choice")->capture_default_str();
}

void add_server(CLI::App& app, ServerOptions& server) {
  app.add_option("--mongod", server.mongod,
                 "mongod to start (default: $SLUICE_MONGOD, then what tools/mongod finds)");
  app.add_option("--data", server.data_parent, "folder on a disk, for mongod's data")->capture_default_str();
  app.add_option("--cache-gb", server.cache_gb, "mongod's WiredTiger cache in GB")->capture_default_str();
}

void add_measuring(CLI::App& app, Options& options) {
  app.add_option("--sluice", options.sluice, "the worker's binary (default: beside storm's build folder)");
  app.add_option("--with", options.worker_flags, "a flag handed on to the worker, as --with=--lanes=8")
      ->allow_extra_args(false);
  app.add_option("--rounds", options.rounds, "how often each is measured; the median is reported")
      ->capture_default_str();
  app.add_option("--write-batch", options.write_batch, "documents in a batch of the perfect writer")
      ->capture_default_str();
  app.add_option("--cursor-batch", options.cursor_batch, "batchSize of the bare cursor and of the worker")
      ->capture_default_str();
  app.add_option("--one-at-a-time", options.one_at_a_time,
                 "events given to the one-at-a-time loop, 0 for none")
      ->capture_default_str();
  app.add_option("--results", options.results, "folder of the JSON results")->capture_default_str();
  app.add_option("--name", options.name, "name of the result file (default: from the command)");
  app.add_flag("--quick", options.quick, "small storms and one round: a smoke run, not a measurement");
}

void add_commands(CLI::App& app, Options& options) {
  app.require_subcommand(1);
  CLI::App* run = app.add_subcommand("run", "measure scenarios, with their rivals, in one run");
  run->add_option("scenario", options.scenarios, "users, favourites, tags, mixed, bare (default: all)");
  run->add_flag("!--no-live", options.live, "leave out the storms that run while the worker runs");
  run->add_option("--live-rate", options.live_rate,
                  "events a second of the paced storm (default: a part of ours)");
  run->add_option("--live-seconds", options.live_seconds, "length of the paced storm")->capture_default_str();
  CLI::App* sweep = app.add_subcommand("sweep", "measure one setting's values against each other");
  sweep->add_option("--over", options.over, "the setting")
      ->required()
      ->check(CLI::IsMember({"lanes", "batch_docs", "queue_events", "in_flight", "cursor_batch"}));
  sweep->add_option("--values", options.values, "its values, with commas")->delimiter(',');
  sweep->add_option("scenario", options.scenarios, "default: favourites and users");
  CLI::App* memory = app.add_subcommand("memory", "peak memory of the worker on growing backlogs");
  memory->add_option("--backlogs", options.backlogs, "events waiting, with commas")->delimiter(',');
  memory->add_option("--beside", options.beside,
                     "another worker's binary, for the large events of the same run");
  CLI::App* fill = app.add_subcommand("fill", "backfill and verification beside bare scans and bulk writes");
  fill->add_option("--targets", options.targets, "articles to fill, with commas")->delimiter(',');
  CLI::App* publish =
      app.add_subcommand("publish", "one updateMany to JetStream, beside a loop and ceilings");
  publish->add_option("--documents", options.documents, "documents that it updates, with commas")
      ->delimiter(',');
  publish->add_option("--nats-server", options.nats_server,
                      "nats-server to start (default: where it is found)");
  publish->add_option("--window", options.window, "messages that the bare publisher has under way")
      ->capture_default_str();
  CLI::App* kafka =
      app.add_subcommand("kafka", "one updateMany to a Kafka topic, beside a loop and ceilings");
  kafka->add_option("--documents", options.documents, "documents that it updates, with commas")
      ->delimiter(',');
  CLI::App* rabbitmq =
      app.add_subcommand("rabbitmq", "one updateMany to a RabbitMQ queue, beside a loop and ceilings");
  rabbitmq->add_option("--documents", options.documents, "documents that it updates, with commas")
      ->delimiter(',');
  CLI::App* cache = app.add_subcommand("cache", "one updateMany to keys in Redis, beside its ceilings");
  cache->add_option("--documents", options.documents, "documents that it updates, with commas")
      ->delimiter(',');
  cache->add_option("--redis-server", options.redis_server,
                    "redis-server to start (default: where it is found)");
  CLI::App* webhook =
      app.add_subcommand("webhook", "rules that call a service, or write, beside bare clients");
  CLI::App* scale =
      app.add_subcommand("scale", "what a change costs with many partitions, rules and instances");
  for (CLI::App* command : {webhook, scale})
    command->add_option("--documents", options.events, "documents that each updateMany updates")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
  scale
      ->add_option("--rule-documents", options.rule_events,
                   "documents that the updateMany of the rows of many rules updates")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  scale->add_flag("--neighbours-only", options.neighbours_only,
                  "only the rates of a webhook beside one that is slow or silent; saves nothing");
  webhook->add_option("--concurrency", options.concurrency, "requests under way, of rule and bare client")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  webhook->add_option("--batch-size", options.batch_size, "documents in a request of the rule with batches")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  webhook->add_flag("--writes-only", options.writes_only, "only the rules that write");
  auto* instances =
      scale->add_flag("--instances-only", options.instances_only, "only the rows of several instances");
  scale->add_flag("--rules-only", options.rules_only, "only the rows of many rules")->excludes(instances);
  scale->add_option("--relay", options.relay, "where the relay's log is")
      ->check(CLI::IsMember({"jetstream", "kafka"}))
      ->capture_default_str();
  for (CLI::App* command : {kafka, scale})
    command->add_option(
        "--kafka-jars", options.kafka_jars,
        "folder of the broker's jars (default: $SLUICE_KAFKA, then what tools/kafka fetches)");
  CLI::App* filter =
      app.add_subcommand("filter", "what mongod pays for each oplog entry, by the filter of a change stream");
  CLI::App* soak = app.add_subcommand("soak", "one worker through storms and idleness in turns");
  soak->add_option("--minutes", options.minutes, "how long")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  soak->add_option("--idle-seconds", options.idle_seconds, "idleness after each storm")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  CLI::App* failover = app.add_subcommand("failover", "time without a leader when the leader goes");
  failover->add_option("--kills", options.kills, "how often, of each kind")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  CLI::App* latency =
      app.add_subcommand("latency", "time until a change's effect is visible, beside a one-at-a-time loop");
  for (CLI::App* command : {run, sweep, memory, fill, publish, kafka, rabbitmq, cache, webhook, scale, filter,
                            soak, failover, latency})
    command->fallthrough();
}

void make_small(Options& options) {
  options.sizes.users = 100;
  options.sizes.favourites = 3000;
  options.sizes.tag_events = 2000;
  options.sizes.bare = 5000;
  options.rounds = 1;
  options.one_at_a_time = 200;
  options.live_seconds = 2;
  options.backlogs = {2000, 10'000};
  options.minutes = 0.2;
  options.idle_seconds = 1;
  options.targets = {2000, 5000};
  options.documents = {2000, 5000};
  options.events = 2000;
  options.rule_events = 2000;
  options.kills = 3;
}

}  // namespace

Options parse(int argc, char** argv) {
  Options options;
  CLI::App app("Batch-update storms against a Sluice worker, and against what it could at best be");
  add_sizes(app, options.sizes);
  add_server(app, options.server);
  add_measuring(app, options);
  add_commands(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  for (int i = 0; i < argc; ++i) options.command_line += std::string(i > 0 ? " " : "") + argv[i];
  options.command = app.get_subcommands().front()->get_name();
  if (options.quick) make_small(options);
  if (options.sluice.empty())
    options.sluice = std::filesystem::canonical("/proc/self/exe").parent_path().parent_path() / "sluice";
  options.worker_flags.push_back("--cursor-batch=" + std::to_string(options.cursor_batch));
  return options;
}

}  // namespace storm
