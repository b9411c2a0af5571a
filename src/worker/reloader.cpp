#include "worker/reloader.hpp"

#include <fmt/format.h>

#include <utility>

#include "checkpoint/checkpoint_store.hpp"
#include "config/problems.hpp"
#include "mongo/uri.hpp"
#include "operations/aws_rules.hpp"
#include "operations/relay_streams.hpp"
#include "requirements/fingerprints.hpp"
#include "rules/registry.hpp"
#include "rules/shared/apart.hpp"
#include "sluice/error.hpp"

namespace sluice::worker {

namespace {

constexpr auto poll_interval = std::chrono::seconds(1);

/// Makes the rules of each stream, which validates them as a start does. Throws ConfigError, with all
/// problems, and Stop.
std::map<std::string, std::string> judge(const std::vector<StreamConfig>& stated, const Config& config) {
  std::map<std::string, std::string> hashes;
  config::Problems problems;
  const std::vector<StreamConfig> streams = rules::with_callers_apart(stated);
  for (const StreamConfig& stream : streams) {
    try {
      if (stream.uri_file.empty()) mongo::try_uri(stream.uri);
      hashes[stream.name] =
          requirements::options_hash(stream.database, rules::make_rules(stream, config.parts()));
    } catch (const ConfigError& error) {
      config::append(problems, error);
    }
  }
  if (!problems.empty()) throw config::PlacedError(config::in_order(std::move(problems)));
  operations::check_relay_streams(config.relay, streams);
  operations::check_aws_rules(config.aws, streams);
  return hashes;
}

}  // namespace

Reloader::Reloader(const Config& config, ConfigSource& source, spdlog::logger& log, Events events)
    : config_(config),
      source_(source),
      log_(log),
      unread_(observe::StreamLog(log), "the configuration could not be read"),
      triggers_unread_(observe::StreamLog(log), "the triggers could not be read"),
      events_(std::move(events)),
      triggers_(config, log),
      streams_(config.streams),
      hashes_(judge(config.streams, config)) {}

Reloader::~Reloader() = default;

std::vector<StreamConfig> Reloader::first(bool servers_answer) {
  if (servers_answer) triggers_.look(streams_);
  return all_streams();
}

std::vector<StreamConfig> Reloader::all_streams() {
  return rules::with_callers_apart(operations::with_triggers(
      streams_, triggers_.triggers(),
      [this](const checkpoint::Trigger& trigger, const std::string& why) {
        observe::LogFields fields;
        fields.rule = trigger.name;
        observe::StreamLog(log_, "", trigger.stream)
            .error(fields,
                   "trigger {} of {} is skipped, because it cannot be made into a rule: {}; drop it, or "
                   "create it again",
                   trigger.name, trigger.stream, why);
      },
      config_.parts(), config_.relay));
}

void Reloader::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Reloader::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    wake_.wait_for(lock, stop, poll_interval, [this] { return asked_; });
    if (stop.stop_requested()) return;
    const bool asked = std::exchange(asked_, false);
    lock.unlock();
    try {
      look(asked);
      unread_.succeeded();
    } catch (const std::exception& error) {  // for example, a URI's file that cannot be read for a moment
      unread_.failed(error.what());
    }
    lock.lock();
  }
}

void Reloader::look_now() {
  const std::lock_guard lock(mutex_);
  asked_ = true;
  wake_.notify_all();
}

void Reloader::look(bool asked) {
  auto news = source_.poll(asked);
  if (news && take(std::move(*news))) untold_ = true;
  try {
    if (triggers_.look(streams_)) untold_ = true;
    triggers_unread_.succeeded();
  } catch (const Stop& error) {  // for example, a URI's file that cannot be read for a moment
    triggers_unread_.failed(error.what());
  }
  if (untold_) {
    events_.changed(all_streams(), refused_);
    untold_ = false;
  }
}

bool Reloader::take(ConfigNews news) {
  if (!news.config) {
    refuse(news.refused);
    return false;
  }
  try {
    Hashes hashes = judge(news.config->streams, config_);
    accept(news.config->streams, hashes);
    hashes_ = std::move(hashes);
  } catch (const std::exception& error) {
    refuse(error.what());
    return false;
  }
  streams_ = std::move(news.config->streams);
  refused_.clear();
  if (!news.need_restart.empty()) {
    log_.warn("these options take effect only after a restart: {}", fmt::join(news.need_restart, ", "));
  }
  return true;
}

void Reloader::refuse(const std::string& why) {
  log_.error("the new configuration cannot be used, so the old one stays in force: {}", why);
  refused_ = why;
  events_.refused(why);
}

/// Stores in the layout of each stream with changed rules that the change is intended. Done before any stream
/// is stopped, so that a worker that dies in between can start with the new rules.
void Reloader::accept(const std::vector<StreamConfig>& streams, const Hashes& hashes) {
  for (const StreamConfig& stream : rules::with_callers_apart(streams)) {
    const auto known = hashes_.find(stream.name);
    const std::string& now = hashes.at(stream.name);
    if (known == hashes_.end() || known->second == now) continue;
    mongo::ClientPool* pool = triggers_.pool_of(stream);
    if (pool == nullptr) continue;  // the stream moved to a server that has no state of it
    const std::string id = config_.pipeline + "/" + stream.name;
    if (const auto error =
            checkpoint::accept_rules(*pool, config_.state_database, id, {known->second, now})) {
      observe::StreamLog(log_, id, stream.name)
          .warn(observe::LogFields::of(*error),
                "could not record that its rules change: {}; they change all the same", error->text());
    }
  }
}

}  // namespace sluice::worker
