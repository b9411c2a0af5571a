#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/error.hpp"

namespace sluice::sinks::jetstream {

/// What JetStream answers to a message: stored, known already, or an error.
struct Answer {
  bool duplicate = false;
  std::optional<Error> error;
};

/// Reads an acknowledgement: {"stream":...,"seq":...} with or without "duplicate", or {"error":{...}}.
Answer read_answer(std::string_view json);

/// An error of JetStream by its number, with what to do about it. Only what is wrong with the very message is
/// ErrorKind::own_fault; a stream that is full or missing is so for every other message too.
Error stream_error(std::int32_t code, std::string_view description);

/// Nobody took the message: no stream has its subject.
Error nobody_takes_it();

/// A message came behind another one than it was to follow (Nats-Expected-Last-Msg-Id).
inline constexpr std::int32_t wrong_last_id_code = 10070;
inline constexpr std::int32_t no_stream_code = 503;  ///< of nobody_takes_it()

}  // namespace sluice::sinks::jetstream
