#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/error.hpp"

namespace sluice::sinks::jetstream {

/// JetStream's answer to a message: stored, a duplicate, or an error.
struct Answer {
  bool duplicate = false;
  std::optional<Error> error;
};

/// Reads an acknowledgement: {"stream":...,"seq":...} with or without "duplicate", or {"error":{...}}.
Answer read_answer(std::string_view json);

/// Describes a JetStream error by its code, and says what to do about it. Only errors of the message itself
/// are ErrorKind::own_fault; a full or missing stream affects every message.
Error stream_error(std::int32_t code, std::string_view description);

/// The error if no stream has the message's subject.
Error nobody_takes_it();

/// The error if the stream's last message is not the one that this message must follow
/// (Nats-Expected-Last-Msg-Id).
inline constexpr std::int32_t wrong_last_id_code = 10070;
inline constexpr std::int32_t no_stream_code = 503;  ///< code of nobody_takes_it()

}  // namespace sluice::sinks::jetstream
