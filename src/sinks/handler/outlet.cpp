#include "sinks/handler/outlet.hpp"

#include <fmt/format.h>

#include <random>
#include <utility>

#include "async/spawn.hpp"
#include "bson/text.hpp"
#include "core/change_body.hpp"

namespace sluice::sinks {

namespace {

/// The longest time that send() waits for calls to end. Then it returns with those that have ended.
constexpr auto most_round = std::chrono::milliseconds(25);
constexpr std::int32_t handler_failed = 1;

/// Results that coroutines return to their lane. Shared, since a coroutine may outlive the lane.
struct Returns {
  struct One {
    flow::KeyedCalls::Place place;
    std::exception_ptr thrown;
  };

  std::condition_variable wake;
  std::vector<One> ended;  ///< protected by the handler's mutex
};

/// Calls the handler and reports how it ended. The coroutine's frame owns the handler, and so keeps the
/// function and its captures alive.
async::asio::awaitable<void> call(std::shared_ptr<RegisteredHandler> handler, Change change,
                                  async::OnException ended) {
  std::exception_ptr thrown;
  try {
    co_await handler->call(std::move(change));
  } catch (...) {
    thrown = std::current_exception();
  }
  ended(thrown);
}

bool is_unprocessable(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const Unprocessable&) {
    return true;
  } catch (...) {
    return false;
  }
}

const Message& message_of(const Write& write) {
  return *std::get<DeliverWrite>(write).message;
}

}  // namespace

/// The calls of one lane. send() runs on the lane's blocking thread, once at a time.
class Handlers::Lane {
 public:
  explicit Lane(Handlers& outlet)
      : outlet_(outlet),
        handler_(*outlet.handler_),
        calls_(handler_.options.tries, {handler_.options.first_pause, handler_.options.longest_pause},
               std::random_device{}()) {}

  ~Lane() {
    const std::lock_guard lock(handler_.mutex);
    handler_.room.withdraw(this);
  }
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  Outcome send(const Batch& batch) {
    take(batch);
    const flow::Time deadline = flow::Clock::now() + most_round;
    while (true) {
      begin_all();
      if (auto end = outcome(deadline)) {
        const std::lock_guard lock(handler_.mutex);
        handler_.room.withdraw(this);
        return std::move(*end);
      }
      await(deadline);
      settle();
    }
  }

  /// Wakes send(). Call with the handler's mutex locked.
  void wake() { returns_->wake.notify_all(); }

 private:
  void take(const Batch& batch) {
    std::vector<flow::KeyedCalls::Message> messages;
    writes_.clear();
    messages_.clear();
    for (std::size_t i = 0; i < batch.writes.size(); ++i) {
      if (!outlet_.takes(batch.writes[i])) continue;
      const Message& message = message_of(batch.writes[i]);
      messages.push_back({message.id, std::get<DeliverWrite>(batch.writes[i]).key});
      messages_.push_back(&message);
      writes_.push_back(i);
    }
    calls_.take(messages);
    settle();
  }

  /// Begins all calls that are ready, as far as the handler's room allows.
  void begin_all() {
    while (calls_.any_ready(flow::Clock::now())) {
      {
        const std::lock_guard lock(handler_.mutex);
        if (outlet_.abandoned_ || !handler_.room.take(this, returns_->wake)) return;
      }
      begin(*calls_.next(flow::Clock::now()));
    }
  }

  void begin(flow::KeyedCalls::Place place) {
    const auto handler = outlet_.handler_;
    const auto ended = [handler, returns = returns_, place](const std::exception_ptr& thrown) {
      const std::lock_guard lock(handler->mutex);
      returns->ended.push_back({place, thrown});
      handler->room.give_back();
      returns->wake.notify_all();
    };
    try {
      const Message& message = *messages_[*calls_.index_of(place)];
      Change change(
          std::make_shared<const Change::Body>(message.payload, message.id, calls_.attempts(place)));
      async::spawn(handler->executor, call(handler, std::move(change), ended), ended);
    } catch (...) {
      ended(std::current_exception());
    }
  }

  void await(flow::Time deadline) {
    const flow::Time until = std::min(deadline, calls_.next_due().value_or(deadline));
    std::unique_lock lock(handler_.mutex);
    returns_->wake.wait_until(lock, until, [this] {
      return !returns_->ended.empty() || outlet_.abandoned_ || handler_.room.is_turn_of(this);
    });
  }

  /// Records the calls that have ended.
  void settle() {
    std::vector<Returns::One> ended;
    {
      const std::lock_guard lock(handler_.mutex);
      ended.swap(returns_->ended);
    }
    for (const Returns::One& one : ended) {
      if (!one.thrown) {
        calls_.returned(one.place);
      } else {
        fail(one);
      }
    }
  }

  void fail(const Returns::One& one) {
    if (handler_.stopping) return calls_.left(one.place);
    const bool for_good = is_unprocessable(one.thrown);
    std::string why = fmt::format("handler {}: {}", handler_.name, async::what_of(one.thrown));
    if (!for_good) why += attempt_text(calls_.attempts(one.place));
    if (calls_.failed(one.place, for_good, flow::Clock::now()) == flow::KeyedCalls::After::refused) {
      refused_[one.place] = std::move(why);
    } else {
      outlet_.say_(true, why + "; it is called again");
    }
  }

  std::string attempt_text(int attempt) const {
    if (!handler_.options.tries) return fmt::format(" (try {})", attempt);
    return fmt::format(" (try {} of {})", attempt, *handler_.options.tries);
  }

  /// The outcome of send(); nullopt while send() has to wait for calls.
  std::optional<Outcome> outcome(flow::Time deadline) {
    Outcome end;
    end.done_first = done_writes();
    end.documents = end.done_first;
    if (const auto refused = calls_.first_refused()) {
      end.failed_write = writes_[*refused];
      end.error = Error{ErrorKind::own_fault, handler_failed, take_reason(*refused)};
      return end;
    }
    if (calls_.all_done()) {
      end.committed = true;
      return end;
    }
    if (abandoned()) {
      end.error = abandoned_error(outlet_.handler_->name);
      return end;
    }
    if (flow::Clock::now() < deadline) return std::nullopt;
    end.unfinished = true;
    return end;
  }

  /// The number of writes at the front of the batch that are done. The first write that is not for this
  /// handler, such as a dead letter, ends the count.
  std::size_t done_writes() const {
    const std::size_t done = calls_.done_first();
    std::size_t first = 0;
    while (first < done && writes_[first] == first) ++first;
    return first;
  }

  std::string take_reason(std::size_t index) {
    for (auto one = refused_.begin(); one != refused_.end(); ++one) {
      if (calls_.index_of(one->first) != index) continue;
      std::string why = std::move(one->second);
      refused_.erase(one);
      return why;
    }
    return "handler " + handler_.name + " gave it up";
  }

  bool abandoned() const {
    const std::lock_guard lock(handler_.mutex);
    return outlet_.abandoned_;
  }

  Handlers& outlet_;
  RegisteredHandler& handler_;
  flow::KeyedCalls calls_;
  const std::shared_ptr<Returns> returns_ = std::make_shared<Returns>();
  std::vector<std::size_t> writes_;                         ///< indices in the batch of our messages
  std::vector<const Message*> messages_;                    ///< the messages, parallel to writes_
  std::map<flow::KeyedCalls::Place, std::string> refused_;  ///< reasons of refused calls not reported yet
};

Handlers::Handlers(const OutletParts& parts)
    : say_(parts.say), handler_(plans_of<HandlerPlan>(parts).front()->handler) {}

Handlers::~Handlers() = default;

std::string Handlers::server_of(const DeliveryPlan& plan) const {
  return "handler " + static_cast<const HandlerPlan&>(plan).handler->name;
}

Handlers::Lane& Handlers::lane_of(const std::string& id) {
  const std::lock_guard lock(mutex_);
  auto& lane = lanes_[id];
  if (!lane) lane = std::make_unique<Lane>(*this);
  return *lane;
}

Outcome Handlers::send(const Batch& batch) {
  return lane_of(batch.guard.lane_id).send(batch);
}

void Handlers::abandon() {
  const std::lock_guard lanes(mutex_);
  const std::lock_guard lock(handler_->mutex);
  abandoned_ = true;
  for (const auto& [id, lane] : lanes_) lane->wake();
}

}  // namespace sluice::sinks
