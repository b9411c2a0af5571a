#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/error.hpp"

namespace sluice::sinks::jetstream {

/// JetStream's answer to a message: stored, duplicate, or an error.
struct Answer {
  bool duplicate = false;
  std::optional<Error> error;
};

/// Reads an acknowledgement: {"stream":...,"seq":...} with or without "duplicate", or {"error":{...}}.
Answer read_answer(std::string_view json);

/// The error for a JetStream error code, with advice. Its kind is own_fault if the message itself is at
/// fault, otherwise unavailable: a full or missing stream affects all messages.
Error stream_error(std::int32_t code, std::string_view description);

/// The error for a message whose subject no stream has.
Error nobody_takes_it();

/// Code for a message that would not directly follow the one it names (Nats-Expected-Last-Msg-Id).
inline constexpr std::int32_t wrong_last_id_code = 10070;
inline constexpr std::int32_t wrong_last_sequence_code = 10071;
inline constexpr std::int32_t no_stream_code = 503;  ///< code of nobody_takes_it()

}  // namespace sluice::sinks::jetstream
