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
#include "sinks/webhook/endpoint.hpp"

namespace sluice::sinks::webhook {

/// The requests of one Endpoint::send(), whose caller waits until the batch has ended. All but wait() is for
/// the endpoint's thread.
struct RequestBatch {
  RequestBatch(std::uint64_t number, std::span<const Request> all, std::span<Answer> ends,
               const Endpoint::Judge& verdict, flow::Time until);

  bool sendable() const { return !given_up && chains.ready(); }
  bool over() const { return under_way == 0 && !sendable(); }
  /// Nothing of it is begun any more; its caller may try again.
  void give_up();
  /// Releases the caller. The batch may be gone when this returns.
  void end();
  void wait();

  const std::uint64_t id;  ///< never used again, unlike its address
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
  std::uint64_t round = 0;  ///< of the circuit breaker

  const Request& request() const { return batch->requests[index]; }
  Answer& answer() const { return batch->answers[index]; }
};

/// Decides which request goes next: batches take turns, requests of one key keep their order, and the circuit
/// breaker says whether the service may be asked at all. No I/O. The endpoint's thread alone uses it.
class RequestScheduler {
 public:
  explicit RequestScheduler(flow::CircuitBreaker::Limits limits) : breaker_(limits) {}

  void add(RequestBatch& batch) { batches_.push_back(&batch); }
  bool has(const RequestBatch& batch) const;
  /// None while there is nothing to send, or while the breaker lets nothing go. Batches behind their deadline
  /// are given up.
  std::optional<Job> next(flow::Time now);
  /// The job's answer is there. Of one that was abandoned unanswered nothing is kept.
  void ended(const Job& job, bool abandoned);
  /// The caller asked to stop: begins nothing more of the batch. Null when it has ended already.
  RequestBatch* abandon(std::uint64_t id);
  void give_up_all();
  /// Releases the callers of all batches that are over.
  void end_batches();
  /// From now on failures say nothing of the service.
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

}  // namespace sluice::sinks::webhook
