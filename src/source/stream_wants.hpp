#pragma once

#include <cstdint>
#include <string_view>

#include "sluice/bson_builder.hpp"
#include "source/stream_filter.hpp"

namespace sluice::source {

/// Whether the server evaluates an expression of this subscription, which may fail.
bool has_expression(const Subscription& subscription);

/// Whether only the server can decide which events a subscription asks for: because it has an expression, or
/// because it depends on fields that the server does not send.
bool server_judges(const Subscription& subscription);

/// The number in sluiceWants of a subscription whose expression the server was told not to evaluate.
constexpr std::int64_t unjudged(std::int64_t number) {
  return -1 - number;
}

/// Appends the stages for the judged subscriptions: they add the numbers of those that an event is for
/// (sluiceWants), drop events that are for no subscription, and compute the subscriptions' values
/// (sluiceMade). No stages if there are no judged subscriptions.
void append_wants(bson::Builder& pipeline, const StreamFilter& filter, std::string_view resumed_at = {});

/// Appends the stage that drops events whose token is too large for any answer, except the event that the
/// stream is resumed at.
void append_passing_over(bson::Builder& pipeline, std::string_view resumed_at);

}  // namespace sluice::source
