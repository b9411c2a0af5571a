#include "worker/stream_supervisor.hpp"

#include <fmt/format.h>
#include <spdlog/logger.h>

#include <algorithm>
#include <random>
#include <utility>

#include "checkpoint/lease_holder.hpp"

namespace sluice::worker {

namespace {

Config config_of(const Config& worker, const StreamConfig& stream, bool at_start) {
  Config config = worker;
  config.streams = {stream};
  // --restart-now applies to the first start only.
  config.restart_now = worker.restart_now && at_start;
  // Rules that change while the worker runs, and triggers, are meant to change.
  config.accept_changed_rules = worker.accept_changed_rules || !at_start || stream.of_triggers;
  if (stream.of_triggers) {
    // A trigger acts on changes since its creation. It has no targets to fill or compute again.
    config.backfill = false;
    if (config.on_lost == LostPolicy::rebuild) config.on_lost = LostPolicy::restart_now;
  }
  return config;
}

std::string connected_line(const Config& config) {
  if (config.clustered())
    return "Connected to MongoDB (member " + checkpoint::LeaseHolder::self().instance + ")";
  return fmt::format("Connected to MongoDB (Shard {}/{})", config.shard_index, config.shard_count);
}

std::string ready_line(const Config& config) {
  if (config.clustered()) return "__READY__MEMBER__";
  return fmt::format("__READY__SHARD__{}_OF_{}__", config.shard_index, config.shard_count);
}

}  // namespace

StreamSupervisor::SupervisedStream::SupervisedStream(const Strand& strand, flow::Backoff::Limits pauses,
                                                     observe::StreamLog log)
    : backoff(pauses, std::random_device{}()),
      again(strand),
      failing(std::move(log), "does not run; the other streams go on") {}

StreamSupervisor::StreamSupervisor(const pipeline::WorkerContext& context, const Strand& strand,
                                   SupervisorEvents events, cluster::StreamFactory factory,
                                   flow::Backoff::Limits pauses)
    : context_(context),
      strand_(strand),
      events_(std::move(events)),
      make_stream_(std::move(factory)),
      pauses_(pauses) {}

StreamSupervisor::~StreamSupervisor() = default;

std::unique_ptr<StreamSupervisor::StreamInstance> StreamSupervisor::make_instance(const StreamConfig& stream,
                                                                                  bool at_start) {
  auto instance = std::make_unique<StreamInstance>();
  instance->config = std::make_shared<const Config>(config_of(context_.config, stream, at_start));
  instance->at_start = at_start;
  std::shared_ptr<flow::StopReasons>& stops = stops_[stream.name];
  if (!stops) stops = std::make_shared<flow::StopReasons>();
  const pipeline::WorkerContext context{context_.io,          *instance->config,
                                        context_.metrics,     context_.readiness,
                                        context_.log,         context_.services,
                                        context_.feeds,       context_.pools,
                                        context_.memory,      context_.teardown,
                                        context_.all_streams, instance->config,
                                        context_.peers,       stops,
                                        context_.renewals};
  instance->stream =
      make_stream_(context, instance->stream_config(), strand_, events_of(stream.name, instance.get()));
  return instance;
}

pipeline::StreamObserver StreamSupervisor::events_of(const std::string& name, StreamInstance* instance) {
  return {[this, name, instance] { on_connected(name, instance); },
          [this, name, instance] { on_ready(name, instance); },
          [this, name, instance](int exit_code) { on_failed(name, instance, exit_code); },
          [this, name, instance] { on_ended(name, instance); }};
}

StreamSupervisor::SupervisedStream& StreamSupervisor::entry(const std::string& name) {
  const std::lock_guard lock(mutex_);
  return streams_.try_emplace(name, strand_, pauses_, log_of(name)).first->second;
}

observe::StreamLog StreamSupervisor::log_of(const std::string& name) const {
  return observe::StreamLog(*context_.log, name, name);
}

/// The entry that runs this instance; null if the instance has been replaced.
StreamSupervisor::SupervisedStream* StreamSupervisor::stream_of(const std::string& name,
                                                                const StreamInstance* instance) {
  const auto found = streams_.find(name);
  return found == streams_.end() || found->second.instance.get() != instance ? nullptr : &found->second;
}

void StreamSupervisor::put(SupervisedStream& supervised, std::unique_ptr<StreamInstance> instance) {
  {
    const std::lock_guard lock(mutex_);
    supervised.instance.swap(instance);
  }
  retire(std::move(instance));
}

/// Destroys the instance on the teardown thread, after the current handler has returned, since that may be a
/// callback of the instance itself. Nothing else can reach the instance: its events come on this strand, and
/// `ended` was the last one.
void StreamSupervisor::retire(std::unique_ptr<StreamInstance> instance) {
  if (!instance) return;
  asio::post(strand_, [&teardown = context_.teardown, instance = std::move(instance)]() mutable {
    asio::post(teardown, [instance = std::move(instance)] {});
  });
}

void StreamSupervisor::start(const std::vector<StreamConfig>& streams) {
  for (const StreamConfig& stream : streams) {
    auto instance = make_instance(stream, true);
    SupervisedStream& here = entry(stream.name);
    here.wanted = stream;
    put(here, std::move(instance));
  }
  for (auto& [name, supervised] : streams_) begin(name, supervised);
}

std::vector<StreamConfig> StreamSupervisor::wanted() const {
  std::vector<StreamConfig> all;
  for (const auto& [name, supervised] : streams_) {
    if (supervised.wanted) all.push_back(*supervised.wanted);
  }
  return all;
}

StreamChanges StreamSupervisor::apply(const std::vector<StreamConfig>& streams) {
  StreamChanges changes = changes_between(wanted(), streams);
  if (stopping_) return changes;
  std::map<std::string, std::unique_ptr<StreamInstance>> made;
  for (const auto* names : {&changes.changed, &changes.added}) {
    for (const std::string& name : *names)
      made.emplace(name, make_instance(*find_stream(streams, name), false));
  }
  for (const std::string& name : changes.removed) remove(name);
  for (auto& [name, instance] : made) {
    SupervisedStream& here = entry(name);
    change(here, *find_stream(streams, name), std::move(instance));
    if (!here.instance) {
      put(here, std::move(here.next));
      begin(name, here);
    }
  }
  say_lines();
  return changes;
}

void StreamSupervisor::change(SupervisedStream& supervised, const StreamConfig& stream,
                              std::unique_ptr<StreamInstance> instance) {
  supervised.again.cancel();
  supervised.backoff.reset();
  if (supervised.instance && supervised.instance->began)
    supervised.before = supervised.instance->stream_config();
  if (!supervised.wanted) supervised.before.reset();  // it was being removed: never go back to it
  supervised.wanted = stream;
  retire(std::exchange(supervised.next, std::move(instance)));
  if (supervised.instance) supervised.instance->stream->stop();
}

void StreamSupervisor::remove(const std::string& name) {
  SupervisedStream& here = entry(name);
  here.wanted.reset();
  here.before.reset();
  retire(std::move(here.next));
  here.again.cancel();
  if (here.instance) {
    here.instance->stream->stop();
  } else {
    forget(name);
  }
}

void StreamSupervisor::begin(const std::string& name, SupervisedStream& supervised, bool tried_before) {
  StreamInstance* instance = supervised.instance.get();
  if (tried_before) {
    context_.readiness.forget_parts("stream " + name);
    context_.readiness.forget_parts("cluster of " + name);
  } else {
    forget_conditions(name);
  }
  try {
    instance->stream->start();
  } catch (const std::exception& error) {
    log_of(name).error("cannot run: {}", error.what());
    const auto* stop = dynamic_cast<const Stop*>(&error);
    on_failed(name, instance, stop != nullptr ? stop->exit_code() : exit_code::bad_configuration);
    on_ended(name, instance);
  }
}

void StreamSupervisor::on_connected(const std::string& name, StreamInstance* instance) {
  SupervisedStream* here = stream_of(name, instance);
  if (here == nullptr) return;
  here->connected = true;
  say_lines();
}

void StreamSupervisor::on_ready(const std::string& name, StreamInstance* instance) {
  SupervisedStream* here = stream_of(name, instance);
  if (here == nullptr) return;
  instance->began = true;
  here->before.reset();
  here->backoff.reset();
  here->failing.succeeded();
  if (const auto stops = stops_.find(name); stops != stops_.end()) stops->second->forget();
  here->ready = true;
  say_lines();
}

/// Reports the lines `connected` and `ready` once each, when they first hold for all streams.
void StreamSupervisor::say_lines() {
  const auto all = [this](bool SupervisedStream::*state) {
    return std::ranges::all_of(streams_, [state](const auto& one) { return one.second.*state; });
  };
  if (stopping_) return;
  if (all(&SupervisedStream::connected) && !std::exchange(connected_said_, true)) {
    events_.say(connected_line(context_.config));
  }
  if (connected_said_ && all(&SupervisedStream::ready) && !std::exchange(ready_said_, true)) {
    events_.say(ready_line(context_.config));
    if (events_.ready) events_.ready();
  }
}

void StreamSupervisor::on_failed(const std::string& name, StreamInstance* instance, int exit_code) {
  SupervisedStream* here = stream_of(name, instance);
  if (here == nullptr) return;
  const bool came_later = !instance->at_start && !instance->began;
  if (stopping_ || (!came_later && !instance->stream_config().of_triggers)) return events_.failed(exit_code);
  if (std::exchange(instance->failed, true)) return;
  instance->stream->stop();
  // So the lines for the other streams do not wait for this one.
  here->connected = here->ready = true;
  say_lines();
}

void StreamSupervisor::on_ended(const std::string& name, StreamInstance* instance) {
  SupervisedStream* here = stream_of(name, instance);
  if (here == nullptr) return;
  put(*here, nullptr);
  if (stopping_) return end_if_empty();
  context_.readiness.forget_all("stream " + name + " stopping");
  context_.readiness.forget_all("cluster of " + name + " stopping");
  if (!here->wanted) return forget(name);
  if (!here->next) return after(name, *here, *instance);
  put(*here, std::move(here->next));
  begin(name, *here);
}

/// Called when a stream ended that nobody stopped.
void StreamSupervisor::after(const std::string& name, SupervisedStream& supervised,
                             const StreamInstance& ended) {
  if (supervised.before && !ended.began) return go_back(name, supervised);
  try_again_later(name, supervised, "see its last error");
}

void StreamSupervisor::go_back(const std::string& name, SupervisedStream& supervised) {
  const std::string why = fmt::format(
      "stream {} does not start with its new configuration (the log says why); it keeps the one it had",
      name);
  log_of(name).error("{}", why);
  if (events_.refused) events_.refused(why);
  const StreamConfig stream = *std::exchange(supervised.before, std::nullopt);
  try {
    put(supervised, make_instance(stream, false));
  } catch (const std::exception& error) {
    return try_again_later(name, supervised, error.what());
  }
  begin(name, supervised);
}

void StreamSupervisor::try_again_later(const std::string& name, SupervisedStream& supervised,
                                       const std::string& why) {
  const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(supervised.backoff.next());
  supervised.failing.failed(why);
  supervised.again.expires_after(wait);
  supervised.again.async_wait([this, name](const boost::system::error_code& error) {
    if (!error) try_again(name);
  });
}

void StreamSupervisor::try_again(const std::string& name) {
  const auto found = streams_.find(name);
  if (stopping_ || found == streams_.end() || found->second.instance || !found->second.wanted) return;
  SupervisedStream& supervised = found->second;
  try {
    put(supervised, make_instance(*supervised.wanted, false));
  } catch (const std::exception& error) {
    return try_again_later(name, supervised, error.what());
  }
  begin(name, supervised, true);
}

void StreamSupervisor::forget_conditions(const std::string& name) {
  context_.readiness.forget_all("stream " + name);
  context_.readiness.forget_all("cluster of " + name);
  context_.readiness.note("cluster of " + name, "");
}

void StreamSupervisor::forget(const std::string& name) {
  forget_conditions(name);
  if (context_.config.clustered()) {
    context_.metrics.cluster(name, context_.config.partitions).members.Set(0);
  } else {
    context_.metrics.stream(name).leave_out_gauges(true);
  }
  {
    const std::lock_guard lock(mutex_);
    streams_.erase(name);
  }
  stops_.erase(name);
  say_lines();
}

void StreamSupervisor::stop() {
  stopping_ = true;
  for (auto& [name, supervised] : streams_) {
    supervised.again.cancel();
    retire(std::move(supervised.next));
    if (supervised.instance) supervised.instance->stream->stop();
  }
  asio::post(strand_, [this] { end_if_empty(); });
}

void StreamSupervisor::end_if_empty() {
  const bool empty =
      std::ranges::none_of(streams_, [](const auto& one) { return one.second.instance != nullptr; });
  if (empty && !std::exchange(ended_, true)) events_.ended();
}

void StreamSupervisor::append_status(observe::WorkerStatus& status) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, supervised] : streams_) {
    if (supervised.instance) {
      supervised.instance->stream->append_status(status);
    } else {  // it failed and waits to be retried
      observe::StreamStatus waiting;
      waiting.name = name;
      waiting.why_not_ready = context_.readiness.reason("stream " + name);
      if (waiting.why_not_ready.empty()) {
        waiting.why_not_ready = context_.readiness.reason("cluster of " + name);
      }
      if (waiting.why_not_ready.empty()) waiting.why_not_ready = "does not run; the log says why";
      status.streams.push_back(std::move(waiting));
    }
  }
}

}  // namespace sluice::worker
