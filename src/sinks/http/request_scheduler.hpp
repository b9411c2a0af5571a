#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "flow/circuit_breaker.hpp"
#include "flow/keyed_order.hpp"
#include "flow/time.hpp"
#include "sinks/http/endpoint.hpp"

namespace sluice::sinks::http {

/// The requests of one call of Endpoint::send(), which waits until the batch has ended. Everything but wait()
/// is for the endpoint's thread.
struct RequestBatch {
  RequestBatch(std::uint64_t number, std::span<const Request> all, std::span<Answer> ends,
               const Endpoint::Judge& verdict, flow::Time until);

  bool sendable() const { return !given_up && chains.ready(); }
  bool over() const { return under_way == 0 && !sendable(); }
  /// Begins no more of its requests. The caller may send them again.
  void give_up();
  /// Releases the caller, which destroys the batch: it may no longer exist when this returns.
  void end();
  void wait();

  const std::uint64_t id;  ///< unique, unlike the address
  std::span<const Request> requests;
  std::span<Answer> answers;
  const Endpoint::Judge& judge;
  flow::Time deadline;
  flow::KeyedOrder chains;
  std::size_t under_way = 0;
  bool given_up = false;
  Unsent unsent;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
};

/// A request that is under way.
struct Job {
  RequestBatch* batch = nullptr;
  std::size_t index = 0;
  std::uint64_t round = 0;  ///< the circuit breaker's round

  const Request& request() const { return batch->requests[index]; }
  Answer& answer() const { return batch->answers[index]; }
};

/// Decides which request is sent next: batches take turns, requests of one key keep their order, and the
/// circuit breaker decides whether any may be sent. No I/O. For the endpoint's thread only.
class RequestScheduler {
 public:
  explicit RequestScheduler(flow::CircuitBreaker::Limits limits) : breaker_(limits) {}

  void add(RequestBatch& batch) { batches_.push_back(&batch); }
  bool has(const RequestBatch& batch) const;
  /// The next request to send; nullopt if there is none, or if the breaker lets none pass. Gives up batches
  /// whose deadline has passed.
  std::optional<Job> next(flow::Time now);
  /// The job has ended, with its answer in place. The error of an abandoned job is discarded: its request
  /// counts as unsent.
  void ended(const Job& job, bool abandoned);
  /// The caller requested a stop: begins no more requests of the batch. Returns null if it has already ended.
  RequestBatch* abandon(std::uint64_t id);
  void give_up_all();
  /// Releases the callers of all batches that are over.
  void end_batches();
  /// From now on, results no longer affect the circuit breaker: connections are being closed.
  void stop() { stopping_ = true; }

  flow::CircuitBreaker::State breaker_state() const { return breaker_.state(); }

 private:
  RequestBatch* next_batch(flow::Time now);
  void refuse_all(flow::Time until);
  void tell_breaker(const Job& job, Judgement judgement);

  flow::CircuitBreaker breaker_;
  std::vector<RequestBatch*> batches_;
  bool stopping_ = false;
};

}  // namespace sluice::sinks::http
