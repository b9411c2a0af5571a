#include "pipeline/crew.hpp"

#include <fmt/format.h>
#include <spdlog/logger.h>

#include <algorithm>
#include <random>
#include <utility>

#include "pipeline/fixed_stream.hpp"
#include "pipeline/team.hpp"

namespace sluice::pipeline {

namespace {

constexpr flow::Backoff::Limits waits_between_tries{std::chrono::seconds(1), std::chrono::seconds(30)};
/// What a stream has posted last may still be on its way to it when it has ended.
constexpr int sweeps_before_freed = 2;

Config config_of(const Config& worker, const StreamConfig& stream, bool at_start) {
  Config config = worker;
  config.streams = {stream};
  // Asked for once, at the start.
  config.restart_now = worker.restart_now && at_start;
  // Who edits the file of a running worker, or its triggers, means it.
  config.accept_changed_rules = worker.accept_changed_rules || !at_start || stream.of_triggers;
  if (stream.of_triggers) {
    // A trigger tells what is done from its making on, and not what targets should hold.
    config.backfill = false;
    if (config.on_lost == LostPolicy::rebuild) config.on_lost = LostPolicy::restart_now;
  }
  return config;
}

std::string connected_line(const Config& config) {
  if (config.clustered()) return "Connected to MongoDB (member " + Holder::self().instance + ")";
  return fmt::format("Connected to MongoDB (Shard {}/{})", config.shard_index, config.shard_count);
}

std::string ready_line(const Config& config) {
  if (config.clustered()) return "__READY__MEMBER__";
  return fmt::format("__READY__SHARD__{}_OF_{}__", config.shard_index, config.shard_count);
}

}  // namespace

Crew::Post::Post(const Strand& strand)
    : backoff(waits_between_tries, std::random_device{}()), again(strand) {}

Crew::Crew(const Surroundings& around, const Strand& strand, CrewEvents events)
    : around_(around), strand_(strand), events_(std::move(events)) {}

Crew::~Crew() = default;

std::unique_ptr<Crew::Run> Crew::make_run(const StreamConfig& stream, bool at_start) {
  auto run = std::make_unique<Run>();
  run->config = config_of(around_.config, stream, at_start);
  run->at_start = at_start;
  const Surroundings around{around_.io,        run->config, around_.metrics,
                            around_.readiness, around_.log, around_.services};
  const StreamConfig& own = run->stream_config();
  RunEvents events = events_of(stream.name, run.get());
  if (run->config.clustered()) {
    run->stream = std::make_unique<Team>(Team::Parts{around, own, strand_}, std::move(events));
  } else {
    run->stream = std::make_unique<FixedStream>(around, own, strand_, std::move(events));
  }
  return run;
}

RunEvents Crew::events_of(const std::string& name, Run* run) {
  return {[this, name, run] { on_connected(name, run); }, [this, name, run] { on_ready(name, run); },
          [this, name, run](int exit_code) { on_failed(name, run, exit_code); },
          [this, name, run] { on_ended(name, run); }};
}

Crew::Post& Crew::post(const std::string& name) {
  const std::lock_guard lock(mutex_);
  return posts_.try_emplace(name, strand_).first->second;
}

/// Null when another stands in its place by now.
Crew::Post* Crew::post_of(const std::string& name, const Run* run) {
  const auto found = posts_.find(name);
  return found == posts_.end() || found->second.run.get() != run ? nullptr : &found->second;
}

void Crew::put(Post& post, std::unique_ptr<Run> run) {
  {
    const std::lock_guard lock(mutex_);
    post.run.swap(run);
  }
  if (run) retired_.push_back({std::move(run)});
}

void Crew::start(const std::vector<StreamConfig>& streams) {
  for (const StreamConfig& stream : streams) {
    auto run = make_run(stream, true);
    Post& here = post(stream.name);
    here.wanted = stream;
    put(here, std::move(run));
  }
  for (auto& [name, post] : posts_) post.run->stream->start();
}

std::vector<StreamConfig> Crew::wanted() const {
  std::vector<StreamConfig> all;
  for (const auto& [name, post] : posts_) {
    if (post.wanted) all.push_back(*post.wanted);
  }
  return all;
}

StreamChanges Crew::apply(const std::vector<StreamConfig>& streams) {
  StreamChanges changes = changes_between(wanted(), streams);
  if (stopping_) return changes;
  std::map<std::string, std::unique_ptr<Run>> made;
  for (const auto* names : {&changes.changed, &changes.added}) {
    for (const std::string& name : *names) made.emplace(name, make_run(*find_stream(streams, name), false));
  }
  for (const std::string& name : changes.removed) remove(name);
  for (auto& [name, run] : made) {
    Post& here = post(name);
    change(here, *find_stream(streams, name), std::move(run));
    if (!here.run) {
      put(here, std::move(here.next));
      begin(name, here);
    }
  }
  say_lines();
  return changes;
}

void Crew::change(Post& post, const StreamConfig& stream, std::unique_ptr<Run> run) {
  post.again.cancel();
  post.backoff.reset();
  if (post.run && post.run->began) post.before = post.run->stream_config();
  if (!post.wanted) post.before.reset();  // it was to go, so nobody wants it back
  post.wanted = stream;
  post.next = std::move(run);
  if (post.run) post.run->stream->stop();
}

void Crew::remove(const std::string& name) {
  Post& here = post(name);
  here.wanted.reset();
  here.before.reset();
  here.next.reset();
  here.again.cancel();
  if (here.run) {
    here.run->stream->stop();
  } else {
    forget(name);
  }
}

/// At the worker's start what is thrown here ends it; later there is something else to go on with.
void Crew::begin(const std::string& name, Post& post) {
  Run* run = post.run.get();
  forget_conditions(name);
  try {
    run->stream->start();
  } catch (const std::exception& error) {
    around_.log->error("{}: cannot run: {}", name, error.what());
    on_failed(name, run, exit_code::bad_configuration);
    on_ended(name, run);
  }
}

void Crew::on_connected(const std::string& name, Run* run) {
  Post* here = post_of(name, run);
  if (here == nullptr) return;
  here->connected = true;
  say_lines();
}

void Crew::on_ready(const std::string& name, Run* run) {
  Post* here = post_of(name, run);
  if (here == nullptr) return;
  run->began = true;
  here->before.reset();
  here->backoff.reset();
  here->ready = true;
  say_lines();
}

/// Each once, whatever comes later.
void Crew::say_lines() {
  const auto all = [this](bool Post::*state) {
    return std::ranges::all_of(posts_, [state](const auto& one) { return one.second.*state; });
  };
  if (stopping_) return;
  if (all(&Post::connected) && !std::exchange(connected_said_, true)) {
    events_.say(connected_line(around_.config));
  }
  if (connected_said_ && all(&Post::ready) && !std::exchange(ready_said_, true)) {
    events_.say(ready_line(around_.config));
  }
}

void Crew::on_failed(const std::string& name, Run* run, int exit_code) {
  Post* here = post_of(name, run);
  if (here == nullptr) return;
  const bool came_later = !run->at_start && !run->began;
  if (stopping_ || (!came_later && !run->stream_config().of_triggers)) return events_.failed(exit_code);
  if (std::exchange(run->failed, true)) return;
  run->stream->stop();
  // The others do not wait for it.
  here->connected = here->ready = true;
  say_lines();
}

void Crew::on_ended(const std::string& name, Run* run) {
  Post* here = post_of(name, run);
  if (here == nullptr) return;
  put(*here, nullptr);
  if (stopping_) return end_if_empty();
  around_.readiness.forget_all("stream " + name + " stopping");
  if (!here->wanted) return forget(name);
  if (!here->next) return after(name, *here, *run);
  put(*here, std::move(here->next));
  begin(name, *here);
}

/// It ended by itself.
void Crew::after(const std::string& name, Post& post, const Run& ended) {
  if (post.before && !ended.began) return go_back(name, post);
  try_again_later(name, post);
}

void Crew::go_back(const std::string& name, Post& post) {
  const std::string why = fmt::format(
      "stream {} does not come to run as it was changed (the log says why); it goes on as it was before",
      name);
  around_.log->error("{}", why);
  if (events_.refused) events_.refused(why);
  const StreamConfig stream = *std::exchange(post.before, std::nullopt);
  try {
    put(post, make_run(stream, false));
  } catch (const std::exception& error) {
    around_.log->error("{}: cannot run: {}", name, error.what());
    return try_again_later(name, post);
  }
  begin(name, post);
}

void Crew::try_again_later(const std::string& name, Post& post) {
  const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(post.backoff.next());
  around_.log->error("{}: does not run; the others go on, and it is tried again in {} ms", name,
                     wait.count());
  post.again.expires_after(wait);
  post.again.async_wait([this, name](const boost::system::error_code& error) {
    if (!error) try_again(name);
  });
}

void Crew::try_again(const std::string& name) {
  const auto found = posts_.find(name);
  if (stopping_ || found == posts_.end() || found->second.run || !found->second.wanted) return;
  Post& post = found->second;
  try {
    put(post, make_run(*post.wanted, false));
  } catch (const std::exception& error) {
    around_.log->error("{}: cannot run: {}", name, error.what());
    return try_again_later(name, post);
  }
  begin(name, post);
}

void Crew::forget_conditions(const std::string& name) {
  around_.readiness.forget_all("stream " + name);
  around_.readiness.forget_all("cluster of " + name);
  around_.readiness.note("cluster of " + name, "");
}

void Crew::forget(const std::string& name) {
  forget_conditions(name);
  if (around_.config.clustered()) {
    around_.metrics.cluster(name, around_.config.partitions).members.Set(0);
  } else {
    around_.metrics.stream(name).leave_out_gauges(true);
  }
  {
    const std::lock_guard lock(mutex_);
    posts_.erase(name);
  }
  say_lines();
}

void Crew::stop() {
  stopping_ = true;
  for (auto& [name, post] : posts_) {
    post.again.cancel();
    post.next.reset();
    if (post.run) post.run->stream->stop();
  }
  asio::post(strand_, [this] { end_if_empty(); });
}

void Crew::end_if_empty() {
  const bool empty = std::ranges::none_of(posts_, [](const auto& one) { return one.second.run != nullptr; });
  if (empty && !std::exchange(ended_, true)) events_.ended();
}

void Crew::sweep() {
  for (Retired& one : retired_) ++one.sweeps;
  const auto old =
      std::ranges::partition(retired_, [](const Retired& one) { return one.sweeps <= sweeps_before_freed; });
  // An end may take long (a name that is being looked up cannot be called back): nobody waits for it here.
  for (Retired& one : old) {
    asio::post(burial_, [run = std::shared_ptr<Run>(std::move(one.run))]() mutable { run.reset(); });
  }
  retired_.erase(old.begin(), old.end());
}

void Crew::append_status(observe::WorkerStatus& status) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, post] : posts_) {
    if (post.run) post.run->stream->append_status(status);
  }
}

}  // namespace sluice::pipeline
