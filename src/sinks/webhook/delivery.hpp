#pragma once

#include <map>
#include <vector>

#include "sinks/webhook/outlet.hpp"
#include "sinks/webhook/request_writer.hpp"

namespace sluice::sinks {

/// Sends one batch to its web services: decides what is sent and in which order, and derives the outcome from
/// the answers.
class Webhook::Delivery {
 public:
  Delivery(Webhook& outlet, Lane& lane, const Batch& batch);

  /// Sends the messages that the lane has not delivered yet. Returns after a few seconds even if some are
  /// left: the lane sends the batch again, with the rest.
  Outcome run();

 private:
  using Indices = std::vector<std::size_t>;
  using Parcel = flow::RequestBatcher::Parcel;
  using Round = flow::RequestBatcher::Round;

  std::map<const WebhookPlan*, Indices> by_plan(const Indices& missing) const;
  void send_all(const WebhookPlan& plan, const Indices& indices);
  std::vector<Round> rounds_of(const WebhookPlan& plan, const Indices& indices) const;
  void send_round(const WebhookPlan& plan, const Round& round);

  // Evaluation of the answers
  void settle(WebService& service, const Parcel& parcel, const http::Answer& answer, RequestReport& report);
  void done(std::size_t i);
  bool fail(std::size_t i, const Fate& fate, Error error);
  void take_apart(const Parcel& parcel, const Error& error);
  bool used_up(const DeliverWrite& write, const Fate& fate, Error& error);
  void forget_attempts(const DeliverWrite& write);
  void wait(flow::Duration time);
  void say_unsent(WebService& service, const http::Unsent& unsent, const RequestReport& report);

  Webhook& outlet_;
  Lane& lane_;
  const Batch& batch_;
  RequestWriter writer_;
  const flow::Time deadline_;
  Outcome outcome_;
  Indices done_;
};

}  // namespace sluice::sinks
