#pragma once

#include <atomic>
#include <future>
#include <list>
#include <thread>
#include <vector>

#include "sinks/http/http_connection.hpp"
#include "sinks/http/request_scheduler.hpp"

#include <boost/asio/executor_work_guard.hpp>

namespace sluice::sinks::http {

/// The connections of one endpoint, and the thread on which their coroutines run. Public functions may be
/// called from any thread; private functions run on the pool's thread.
class Endpoint::Pool {
 public:
  explicit Pool(EndpointConfig stated);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// Reads the certificates and starts the thread. Returns ErrorKind::fatal for unusable certificates.
  std::optional<Error> start();
  Unsent send(std::span<const Request> requests, std::span<Answer> answers, const Judge& judge,
              flow::Time deadline, const std::stop_token& stop);
  std::optional<Error> try_connection();
  flow::CircuitBreaker::State breaker() const { return shown_; }

  const EndpointConfig config;

 private:
  /// A connection, and the job that its coroutine carries out.
  struct Worker {
    explicit Worker(ConnectionContext& context) : connection(context) {}

    HttpConnection connection;
    std::optional<Job> job;
  };

  void stop();
  void take_up(RequestBatch& batch);
  void abandon(std::uint64_t id);
  void give_up_all();
  void hand_out();
  bool has_room() const { return !idle_.empty() || workers_.size() < config.concurrency; }
  void assign(Job job);

  void spawn_serve(Worker& self);
  asio::awaitable<void> serve(Worker& self);
  static asio::awaitable<void> carry_out_or_fail(Worker& self);
  asio::awaitable<void> try_connection(std::promise<std::optional<Error>> result);

  std::atomic<std::uint64_t> batch_ids_ = 0;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  ConnectionContext context_{io_, config};
  RequestScheduler scheduler_{config.breaker};
  std::atomic<flow::CircuitBreaker::State> shown_ = flow::CircuitBreaker::State::closed;
  std::list<Worker> workers_;  // only grows, since coroutines refer to the elements
  std::vector<Worker*> idle_;
  std::jthread thread_;
};

}  // namespace sluice::sinks::http
