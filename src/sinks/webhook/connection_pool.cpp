#include "sinks/webhook/connection_pool.hpp"

#include "async/spawn.hpp"

#include <boost/asio/post.hpp>

namespace sluice::sinks::webhook {

Endpoint::Pool::Pool(EndpointConfig stated) : config(std::move(stated)) {}

Endpoint::Pool::~Pool() {
  if (!thread_.joinable()) return;
  asio::post(io_, [this] { stop(); });
  thread_.join();
}

std::optional<Error> Endpoint::Pool::start() {
  if (auto error = context_.certificates.refresh()) return error;
  idle_.reserve(config.concurrency);
  thread_ = std::jthread([this] { async::run(io_, [this](const std::exception_ptr&) { give_up_all(); }); });
  return std::nullopt;
}

Unsent Endpoint::Pool::send(std::span<const Request> requests, std::span<Answer> answers, const Judge& judge,
                            flow::Time deadline, const std::stop_token& stop) {
  if (requests.empty()) return {};
  if (stop.stop_requested()) return {.abandoned = true, .not_before = std::nullopt};
  RequestBatch batch(++batch_ids_, requests, answers, judge, deadline);
  asio::post(io_, [this, &batch] { take_up(batch); });
  // The handler may run after the batch is gone, so it refers to the batch by number.
  const std::stop_callback abandoning(
      stop, [this, id = batch.id] { asio::post(io_, [this, id] { abandon(id); }); });
  batch.wait();
  return batch.unsent;
}

void Endpoint::Pool::take_up(RequestBatch& batch) {
  try {
    scheduler_.add(batch);
    hand_out();
  } catch (const std::exception&) {  // for example out of memory: the caller tries again
    const bool known = scheduler_.has(batch);
    batch.give_up();
    known ? scheduler_.end_batches() : batch.end();
  }
}

std::optional<Error> Endpoint::Pool::try_connection() {
  std::promise<std::optional<Error>> answer;
  auto result = answer.get_future();
  // The handler must not throw; if it does, the exception is thrown here too.
  async::spawn(io_.get_executor(), try_connection(std::move(answer)), [](const std::exception_ptr&) {});
  return result.get();
}

void Endpoint::Pool::stop() {
  context_.stopping = true;
  scheduler_.stop();
  context_.addresses.stop();
  for (Worker& one : workers_) one.connection.interrupt();
  work_.reset();
}

void Endpoint::Pool::abandon(std::uint64_t id) {
  const RequestBatch* batch = scheduler_.abandon(id);
  if (batch == nullptr) return;
  for (Worker& one : workers_) {
    if (one.job && one.job->batch == batch) one.connection.abandon();
  }
  scheduler_.end_batches();
}

/// A handler threw: callers that wait for its work are released.
void Endpoint::Pool::give_up_all() {
  scheduler_.give_up_all();
  scheduler_.end_batches();
}

/// Starts as many requests as there are connections and as the circuit breaker allows.
void Endpoint::Pool::hand_out() {
  while (has_room()) {
    const auto job = scheduler_.next(flow::Clock::now());
    if (!job) break;
    assign(*job);
  }
  shown_ = scheduler_.breaker_state();  // before any caller is released
  scheduler_.end_batches();
}

void Endpoint::Pool::assign(Job job) {
  if (idle_.empty()) {
    Worker& made = workers_.emplace_back(context_);
    made.job = job;
    spawn_serve(made);
    return;
  }
  Worker& one = *idle_.back();  // the connection used last, so that the others may time out
  idle_.pop_back();
  one.job = job;
  one.connection.begin();
  one.connection.wake();
}

/// After an exception the connection stays in use, because it may still be given requests.
void Endpoint::Pool::spawn_serve(Worker& self) {
  async::spawn(io_.get_executor(), serve(self), [this, &self](const std::exception_ptr&) {
    self.connection.close();
    spawn_serve(self);
  });
}

asio::awaitable<void> Endpoint::Pool::serve(Worker& self) {
  while (!context_.stopping) {
    if (!self.job) {
      co_await self.connection.rest();
      continue;
    }
    const flow::Time started = flow::Clock::now();
    co_await carry_out_or_fail(self);
    const Job job = *std::exchange(self.job, std::nullopt);
    job.answer().took = flow::Clock::now() - started;
    idle_.push_back(&self);
    scheduler_.ended(job, self.connection.is_abandoned());
    hand_out();
  }
  // Its caller gets the error.
  if (self.job) {
    scheduler_.ended(*std::exchange(self.job, std::nullopt), self.connection.is_abandoned());
    scheduler_.end_batches();
  }
}

/// An exception counts as a missing answer.
asio::awaitable<void> Endpoint::Pool::carry_out_or_fail(Worker& self) {
  Answer& answer = self.job->answer();
  try {
    co_await self.connection.carry_out(self.job->request(), answer);
  } catch (const std::exception& error) {
    self.connection.close();
    answer = {};
    answer.kind = Answer::Kind::broken;
    answer.text = std::string("internal error: ") + error.what();
  }
}

asio::awaitable<void> Endpoint::Pool::try_connection(std::promise<std::optional<Error>> result) {
  HttpConnection once(context_);
  Answer answer;
  const bool connected = co_await once.connect(answer);
  if (connected) {
    result.set_value(std::nullopt);
  } else {
    result.set_value(Error{ErrorKind::unavailable, 0, config.origin.text() + ": " + answer.text});
  }
}

}  // namespace sluice::sinks::webhook
