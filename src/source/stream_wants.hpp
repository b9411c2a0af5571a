#pragma once

#include <cstdint>
#include <string_view>

#include "sluice/bson_builder.hpp"
#include "source/stream_filter.hpp"

namespace sluice::source {

/// Whether something of it is evaluated by the server, and so may fail.
bool has_expression(const Subscription& subscription);

/// Whether only the server can tell which events a subscription asks for: by its expression, or by fields
/// that do not leave the server.
bool server_judges(const Subscription& subscription);

/// How the server names a subscription whose expression it was not to evaluate.
constexpr std::int64_t unjudged(std::int64_t number) {
  return -1 - number;
}

/// Appends the stages by which the server names the judged subscriptions that an event is for (sluiceWants,
/// their numbers), keeps what is for nobody, and makes what they want made (sluiceMade); none where there is
/// none to judge.
void append_wants(bson::Builder& pipeline, const StreamFilter& filter, std::string_view resumed_at = {});

/// Appends the stage that leaves out the events whose token is too large for any answer, but for the one that
/// the stream is resumed at.
void append_passing_over(bson::Builder& pipeline, std::string_view resumed_at);

}  // namespace sluice::source
