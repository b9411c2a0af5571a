#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sinks/http/endpoint.hpp"

namespace sluice::sinks::aws {

/// What has to be done about a failure.
enum class Remedy : std::uint8_t {
  none,     ///< there is no failure
  wait,     ///< the service is away, throttles, or has an error of its own: send again later
  log_in,   ///< the credentials are missing, expired or refused, or lack a right: wait for others
  missing,  ///< the queue, topic or bus does not exist: wait for it
  refuse,   ///< this message can never be sent: dead letter
};

/// A failure as a service reports it: of a request, or of an entry of one.
struct Failure {
  Remedy remedy = Remedy::none;
  std::string code = {};  ///< such as `QueueDoesNotExist`, without a namespace
  std::string message = {};

  explicit operator bool() const { return remedy != Remedy::none; }
};

/// How a batch request ended.
struct BatchAnswer {
  Failure failure = {};               ///< of the whole request; then there are no entries
  std::vector<Failure> entries = {};  ///< by the request's entry
};

/// What an error code of a whole request means, with the status of its answer. A code that is not known to be
/// about messages is waited out: an operator has to see it.
Remedy remedy_of(unsigned status, std::string_view code);
/// The same for an entry. `sender_fault`: the service says that repeating it is no use.
Remedy remedy_of_entry(std::string_view code, bool sender_fault);

/// The failure of a request in the JSON protocol, and in the Query protocol. None if it succeeded.
Failure json_failure(const http::Answer& answer);
Failure query_failure(const http::Answer& answer);

/// The answers to SendMessageBatch, PublishBatch and PutEvents. The ids of the first two's entries are their
/// indices. An entry that the answer does not name counts as not stored.
BatchAnswer sqs_answer(const http::Answer& answer, std::size_t entries);
BatchAnswer sns_answer(const http::Answer& answer, std::size_t entries);
BatchAnswer event_bridge_answer(const http::Answer& answer, std::size_t entries);

}  // namespace sluice::sinks::aws
