#pragma once

#include <cstdint>
#include <string>

#include "sinks/rabbitmq/methods.hpp"
#include "sluice/error.hpp"

namespace sluice::sinks::rabbitmq {

/// AMQP's reply codes.
namespace reply {
inline constexpr std::uint16_t content_too_large = 311;
inline constexpr std::uint16_t no_route = 312;
inline constexpr std::uint16_t connection_forced = 320;
inline constexpr std::uint16_t invalid_path = 402;
inline constexpr std::uint16_t access_refused = 403;
inline constexpr std::uint16_t not_found = 404;
inline constexpr std::uint16_t precondition_failed = 406;
inline constexpr std::uint16_t frame_error = 501;
inline constexpr std::uint16_t syntax_error = 502;
inline constexpr std::uint16_t unexpected_frame = 505;
inline constexpr std::uint16_t not_allowed = 530;
}  // namespace reply

/// The error for a channel or connection that the broker closed: `where`, the broker's text and advice. The
/// kind is `unavailable`, because an operator can correct the cause while the worker runs.
Error closed_error(const std::string& where, const Closing& closing);

/// The broker refuses the log-in or the virtual host, and closes the connection.
Error log_in_error(const std::string& where, const Closing& closing);

/// Whether the broker closed because of a message: its size, its properties or how it is framed. Any message
/// that is in flight may be the one.
bool refuses_message(std::uint16_t code);

/// The error for a message that no queue takes. Its kind is own_fault.
Error unroutable_error(const Return& returned);

/// The same while a queue may still be on its way: the message is sent again. Its kind is unavailable.
Error unroutable_yet_error(const std::string& where, const Return& returned);

/// The error for messages that the broker could not store.
Error rejected_error(const std::string& where, const std::string& exchange, const std::string& routing_key);

}  // namespace sluice::sinks::rabbitmq
