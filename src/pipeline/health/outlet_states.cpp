#include "pipeline/health/outlet_states.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "observe/log/repeated_warning.hpp"

namespace sluice::pipeline {

using Say = flow::Repetition::Say;

namespace {

double seconds_of(flow::Duration time) {
  return std::chrono::duration<double>(time).count();
}

std::string rules_text(const std::vector<std::string>& rules) {
  return fmt::format("rule{} {}", rules.size() == 1 ? "" : "s", fmt::join(rules, ", "));
}

}  // namespace

OutletStates::OutletStates(observe::StreamLog log, std::string stream, observe::Readiness& readiness,
                           observe::Metrics& metrics)
    : log_(std::move(log)), stream_(std::move(stream)), readiness_(readiness), metrics_(metrics) {}

/// Leaves the degraded states as they are: the object that replaces this one sets its own.
OutletStates::~OutletStates() = default;

void OutletStates::add(const std::string& server, const std::string& rule) {
  const std::lock_guard lock(mutex_);
  auto found = outlets_.find(server);
  if (found == outlets_.end()) {
    found = outlets_.try_emplace(server, metrics_.outlet(stream_, server)).first;
  }
  std::vector<std::string>& rules = found->second.rules;
  if (std::ranges::find(rules, rule) == rules.end()) rules.push_back(rule);
}

std::string OutletStates::condition_of(const std::string& server) const {
  return "stream " + stream_ + " outlet " + server;
}

void OutletStates::failed(const std::string& who, const std::string& server, const Error& error,
                          std::int64_t events) {
  const flow::Time now = flow::Clock::now();
  const std::lock_guard lock(mutex_);
  let_go_of_others(who, server);
  const auto found = outlets_.find(server);
  if (found == outlets_.end()) return;
  Outlet& outlet = found->second;
  if (outlet.waiting.empty()) {
    outlet.down_since = now;
    outlet.up.set(false);
  }
  outlet.waiting.insert(who);
  outlet.error = error.text();
  outlet.code = error.code;
  outlet.events = events;
  readiness_.degraded(condition_of(server), fmt::format("down, and its messages wait ({}): {}",
                                                        rules_text(outlet.rules), outlet.error));
  // The error text may change from moment to moment while a server goes down, so only a new kind of error
  // gets a new log line.
  tell(server, outlet, outlet.repetition.failed(now, name_of(error.kind)));
}

void OutletStates::tell(const std::string& server, const Outlet& outlet,
                        const flow::Repetition::Told& told) const {
  if (told.say == Say::nothing) return;
  const std::string rules = fmt::format("{}", fmt::join(outlet.rules, ", "));
  observe::LogFields fields;
  fields.rule = rules;
  if (told.say != Say::over) fields.code = outlet.code;
  const std::string about = rules_text(outlet.rules);
  switch (told.say) {
    case Say::nothing:
      return;
    case Say::began:
      log_.warn(fields, "outlet {} is down ({}): {}; retrying, events waiting: {}", server, about,
                outlet.error, outlet.events);
      return;
    case Say::still:
      log_.warn(
          fields,
          "outlet {} is still down ({}), {} attempts in the last {}; events waiting: {}; the last error: {}",
          server, about, told.tries, observe::seconds_text(told.time), outlet.events, outlet.error);
      return;
    case Say::sometimes:
      log_.warn(fields, "outlet {} failed {} more times in the last {}, now working ({}); the last error: {}",
                server, told.tries, observe::seconds_text(told.time), about, outlet.error);
      return;
    case Say::over:
      log_.log(spdlog::level::info, fields, "outlet {} is up again after {} and {} {} ({})", server,
               observe::seconds_text(told.time), told.tries, told.tries == 1 ? "try" : "tries", about);
      return;
  }
}

/// Nobody waits for the server any more.
void OutletStates::let_go(const std::string& server, Outlet& outlet) {
  outlet.up.set(true);
  readiness_.degraded(condition_of(server), "");
}

void OutletStates::let_go_of_others(const std::string& who, const std::string& server) {
  for (auto& [name, outlet] : outlets_) {
    if (name == server || outlet.waiting.erase(who) == 0 || !outlet.waiting.empty()) continue;
    let_go(name, outlet);
    tell(name, outlet, outlet.repetition.succeeded(flow::Clock::now()));
  }
}

void OutletStates::works(const std::string& who) {
  const std::lock_guard lock(mutex_);
  let_go_of_others(who, "");
}

void OutletStates::forget(const std::string& whose) {
  const std::lock_guard lock(mutex_);
  for (auto& [name, outlet] : outlets_) {
    const auto theirs = [&](const std::string& who) { return who.starts_with(whose); };
    const bool any = std::erase_if(outlet.waiting, theirs) > 0;
    if (any && outlet.waiting.empty()) {
      let_go(name, outlet);
      outlet.repetition = {};
    }
  }
}

void OutletStates::tell_due(flow::Time now) {
  const std::lock_guard lock(mutex_);
  for (auto& [name, outlet] : outlets_) tell(name, outlet, outlet.repetition.due(now));
}

std::vector<std::string> OutletStates::down() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, outlet] : outlets_) {
    if (!outlet.waiting.empty()) names.push_back(name);
  }
  return names;
}

std::vector<observe::OutletStatus> OutletStates::status() const {
  const flow::Time now = flow::Clock::now();
  const std::lock_guard lock(mutex_);
  std::vector<observe::OutletStatus> all;
  for (const auto& [name, outlet] : outlets_) {
    const bool down = !outlet.waiting.empty();
    all.push_back(
        {name, outlet.rules, down ? outlet.error : "", down ? seconds_of(now - outlet.down_since) : 0});
  }
  return all;
}

}  // namespace sluice::pipeline
