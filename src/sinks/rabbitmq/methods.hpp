#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sinks/rabbitmq/frames.hpp"

/// The methods of AMQP 0-9-1, and of RabbitMQ's extensions, that a publisher needs.
namespace sluice::sinks::rabbitmq {

/// A method's class in the upper 16 bits, and its number in the lower ones.
namespace method {
constexpr std::uint32_t of(std::uint16_t in_class, std::uint16_t number) {
  return static_cast<std::uint32_t>(in_class) << 16 | number;
}
inline constexpr std::uint32_t start = of(10, 10);
inline constexpr std::uint32_t start_ok = of(10, 11);
inline constexpr std::uint32_t tune = of(10, 30);
inline constexpr std::uint32_t tune_ok = of(10, 31);
inline constexpr std::uint32_t open = of(10, 40);
inline constexpr std::uint32_t open_ok = of(10, 41);
inline constexpr std::uint32_t close = of(10, 50);
inline constexpr std::uint32_t close_ok = of(10, 51);
inline constexpr std::uint32_t blocked = of(10, 60);
inline constexpr std::uint32_t unblocked = of(10, 61);
inline constexpr std::uint32_t channel_open = of(20, 10);
inline constexpr std::uint32_t channel_open_ok = of(20, 11);
inline constexpr std::uint32_t channel_close = of(20, 40);
inline constexpr std::uint32_t channel_close_ok = of(20, 41);
inline constexpr std::uint32_t declare = of(40, 10);
inline constexpr std::uint32_t declare_ok = of(40, 11);
inline constexpr std::uint32_t publish = of(60, 40);
inline constexpr std::uint32_t returned = of(60, 50);
inline constexpr std::uint32_t ack = of(60, 80);
inline constexpr std::uint32_t nack = of(60, 120);
inline constexpr std::uint32_t select = of(85, 10);
inline constexpr std::uint32_t select_ok = of(85, 11);
}  // namespace method

inline constexpr std::uint16_t basic_class = 60;

/// Limits of a connection, as server and client agree.
struct Tuning {
  std::uint16_t channels = 0;     ///< 0: no limit
  std::uint32_t frame_max = 0;    ///< bytes of a frame with its overhead; 0: no limit
  std::uint16_t heartbeat_s = 0;  ///< 0: none
};

/// Why the server closed a channel or connection.
struct Closing {
  std::uint16_t code = 0;
  std::string text;
};

/// The server has stored messages, or refused them (nack).
struct Confirm {
  std::uint64_t tag = 0;
  bool multiple = false;  ///< all up to the tag; with the tag 0: all that were sent
  bool ack = true;

  friend bool operator==(const Confirm&, const Confirm&) = default;
};

/// A message that no queue takes. Its confirmation comes afterwards.
struct Return {
  std::uint16_t code = 0;
  std::string text;
  std::string exchange;
  std::string routing_key;
  std::string message_id;
};

/// A message to publish. The views need to be valid only during the call.
struct Publication {
  std::string_view exchange;
  std::string_view routing_key;
  std::string_view message_id;
  std::string_view content_type;
  std::string_view headers;  ///< lines of `name: value`
  std::string_view body;
};

struct ExchangeDeclaration {
  std::string_view exchange;
  std::string_view type;  ///< topic, direct, fanout, headers
  bool passive = false;   ///< only ask whether it exists
};

// Each function appends a method's frame.
void append_start_ok(std::string& out, const std::string& user, const std::string& password);
void append_tune_ok(std::string& out, const Tuning& tuning);
void append_open(std::string& out, const std::string& vhost);
/// Asks for an end of the connection, or of a channel.
void append_close(std::string& out);
void append_channel_close(std::string& out, std::uint16_t channel);
void append_declare(std::string& out, std::uint16_t channel, const ExchangeDeclaration& exchange);
void append_select(std::string& out, std::uint16_t channel);
/// channel.open, and answers that have no arguments.
void append_channel_open(std::string& out, std::uint16_t channel);
void append_bare(std::string& out, std::uint16_t channel, std::uint32_t method);
void append_heartbeat(std::string& out);
/// The frames of a message: the method, the header with its properties (persistent, with content type,
/// headers and message id), and the body, divided into frames of up to `frame_max` bytes; 0: no limit.
void append_publish(std::string& out, std::uint16_t channel, std::size_t frame_max,
                    const Publication& message);

/// The id as the property message-id, which has 255 bytes at most: a longer one becomes `sha256:` and its
/// digest.
std::string message_id_of(std::string_view id);

/// The method's number, whose arguments are left in the decoder.
std::uint32_t method_of(Decoder& decoder);

// The arguments of a method, after method_of(). Nothing if they are malformed.
std::optional<std::string> read_start(Decoder& decoder);  ///< the mechanisms, separated by blanks
std::optional<Tuning> read_tune(Decoder& decoder);
std::optional<Closing> read_close(Decoder& decoder);
std::optional<Confirm> read_confirm(Decoder& decoder, bool ack);
std::optional<Return> read_return(Decoder& decoder);

/// The size of the body, and the message id, from the header of a returned message.
struct ContentHeader {
  std::uint64_t body_size = 0;
  std::string message_id;
};
std::optional<ContentHeader> read_content_header(std::string_view payload);

}  // namespace sluice::sinks::rabbitmq
