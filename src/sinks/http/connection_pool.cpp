#include "sinks/http/connection_pool.hpp"

#include "async/spawn.hpp"

#include <boost/asio/post.hpp>

namespace sluice::sinks::http {

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
  // The posted handler may run after the batch is destroyed, so it identifies the batch by its number.
  const std::stop_callback abandoning(
      stop, [this, id = batch.id] { asio::post(io_, [this, id] { abandon(id); }); });
  batch.wait();
  return batch.unsent;
}

void Endpoint::Pool::take_up(RequestBatch& batch) {
  try {
    scheduler_.add(batch);
    hand_out();
  } catch (const std::exception&) {  // for example out of memory: the caller retries
    const bool known = scheduler_.has(batch);
    batch.give_up();
    known ? scheduler_.end_batches() : batch.end();
  }
}

std::optional<Error> Endpoint::Pool::try_connection() {
  std::promise<std::optional<Error>> answer;
  auto result = answer.get_future();
  // An exception in the coroutine breaks the promise, so result.get() throws.
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

/// Called after a handler threw: ends all batches, so that no caller waits for ever.
void Endpoint::Pool::give_up_all() {
  scheduler_.give_up_all();
  scheduler_.end_batches();
}

/// Assigns requests to connections while there is a free connection and the breaker lets requests pass.
void Endpoint::Pool::hand_out() {
  while (has_room()) {
    const auto job = scheduler_.next(flow::Clock::now());
    if (!job) break;
    assign(*job);
  }
  shown_ = scheduler_.breaker_state();  // before callers return and read it
  scheduler_.end_batches();
}

void Endpoint::Pool::assign(Job job) {
  if (idle_.empty()) {
    Worker& made = workers_.emplace_back(context_);
    made.job = job;
    spawn_serve(made);
    return;
  }
  Worker& one = *idle_.back();  // the one used last, so that surplus connections reach their idle time-out
  idle_.pop_back();
  one.job = job;
  one.connection.begin();
  one.connection.wake();
}

/// After an exception the worker's coroutine is started again, since jobs may still be assigned to the
/// worker.
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
  // The pool is stopping: release the caller that waits for this job.
  if (self.job) {
    scheduler_.ended(*std::exchange(self.job, std::nullopt), self.connection.is_abandoned());
    scheduler_.end_batches();
  }
}

/// An exception becomes an answer of Kind::broken.
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

}  // namespace sluice::sinks::http
