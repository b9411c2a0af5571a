#include "sinks/custom/outlet.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace sluice::sinks {

namespace {

using Next = SinkResult::Next;
using Milliseconds = std::chrono::milliseconds;

const DeliverWrite& delivery(const Batch& batch, std::size_t i) {
  return std::get<DeliverWrite>(batch.writes[i]);
}

/// Calls user code and returns its result. An exception becomes SinkResult::retry.
template <typename Act>
SinkResult guarded(Act act) {
  try {
    return act();
  } catch (const std::exception& error) {
    return SinkResult::retry(0, std::string("its code threw: ") + error.what());
  } catch (...) {
    return SinkResult::retry(0, "its code threw an exception of unknown type");
  }
}

ErrorKind kind_of(Next next) {
  switch (next) {
    case Next::dead_letter:
      return ErrorKind::own_fault;
    case Next::stop:
      return ErrorKind::fatal;
    case Next::proceed:
    case Next::retry:
      break;
  }
  return ErrorKind::unavailable;
}

Error error_of(const CustomPlan& plan, const SinkResult& result) {
  return {kind_of(result.next()), result.code(), plan.target + ": " + result.why()};
}

std::optional<Milliseconds> wait_of(const SinkResult& result) {
  return result.wait() > Milliseconds(0) ? std::optional(result.wait()) : std::nullopt;
}

}  // namespace

CustomOutlet::CustomOutlet(const OutletParts& parts) : say_(parts.say) {
  for (const DeliveryPlan* plan : parts.deliveries) {
    if (const auto* own = dynamic_cast<const CustomPlan*>(plan)) receivers_.push_back({own});
  }
}

bool CustomOutlet::is_for(const DeliveryPlan& plan) {
  return dynamic_cast<const CustomPlan*>(&plan) != nullptr;
}

bool CustomOutlet::takes(const DeliveryPlan& plan) const {
  return std::ranges::find(receivers_, &plan, &Receiver::plan) != receivers_.end();
}

std::string CustomOutlet::server_of(const DeliveryPlan& plan) const {
  return static_cast<const CustomPlan&>(plan).target;
}

/// Opens the receiver if it is not open yet. The mutex ensures that no message is sent to a receiver while it
/// is being opened.
std::optional<Error> CustomOutlet::open(Receiver& receiver, std::optional<Milliseconds>& wait) {
  const std::lock_guard lock(opening_);
  if (receiver.open) return std::nullopt;
  const SinkResult result = guarded([&] { return receiver.plan->receiver->open(stop_.get_token()); });
  receiver.open = result.next() == Next::proceed;
  if (receiver.open) return std::nullopt;
  wait = wait_of(result);
  Error error = error_of(*receiver.plan, result);
  if (error.kind == ErrorKind::own_fault) error.kind = ErrorKind::fatal;
  return error;
}

/// An unavailable receiver is only a warning: the stream starts, and sends its messages when the receiver is
/// back.
std::optional<Error> CustomOutlet::prepare() {
  for (Receiver& receiver : receivers_) {
    std::optional<Milliseconds> wait;
    const auto error = open(receiver, wait);
    if (error && error->kind != ErrorKind::unavailable) return error;
    if (error) say_(true, error->message);
  }
  return std::nullopt;
}

Delivered& CustomOutlet::delivered_by(const std::string& lane) {
  const std::lock_guard lock(mutex_);
  return delivered_[lane];
}

void CustomOutlet::send_to(Receiver& receiver, const Batch& batch, const std::vector<std::size_t>& indices,
                           std::vector<std::size_t>& sent, Outcome& outcome) {
  if (auto error = open(receiver, outcome.retry_in)) {
    outcome.error = std::move(error);
    return;
  }
  std::vector<SinkMessage> messages;
  messages.reserve(indices.size());
  for (const std::size_t i : indices)
    messages.push_back(static_cast<const CustomMessage*>(delivery(batch, i).message)->change);
  SinkResult result = guarded([&] { return receiver.plan->receiver->send(messages, stop_.get_token()); });
  const bool all = result.next() == Next::proceed;
  const std::size_t count = all ? indices.size() : std::min(result.delivered(), indices.size());
  sent.insert(sent.end(), indices.begin(), indices.begin() + static_cast<std::ptrdiff_t>(count));
  if (all) return;
  const bool which = result.next() == Next::dead_letter;
  if (which && count == indices.size()) {
    result = SinkResult::retry(count, "its code refused a message behind the last one: " + result.why());
  } else if (which) {
    outcome.failed_write = indices[count];
  }
  outcome.error = error_of(*receiver.plan, result);
  outcome.retry_in = wait_of(result);
}

Outcome CustomOutlet::send(const Batch& batch) {
  Delivered& delivered = delivered_by(batch.guard.lane_id);
  const std::vector<std::size_t> missing = delivered.missing_of(batch, *this);
  std::vector<std::size_t> sent;
  Outcome outcome;
  for (Receiver& receiver : receivers_) {
    std::vector<std::size_t> indices;
    std::ranges::copy_if(missing, std::back_inserter(indices),
                         [&](std::size_t i) { return delivery(batch, i).plan == receiver.plan; });
    if (indices.empty()) continue;
    if (stop_.stop_requested()) {
      outcome.error = abandoned_error(receiver.plan->target);
    } else {
      send_to(receiver, batch, indices, sent, outcome);
    }
    if (outcome.error) {
      outcome.outlet = receiver.plan->target;
      break;
    }
  }
  outcome.committed = !outcome.error;
  outcome.documents = sent.size();
  delivered.remember(batch, *this, sent, outcome.committed);
  return outcome;
}

}  // namespace sluice::sinks
