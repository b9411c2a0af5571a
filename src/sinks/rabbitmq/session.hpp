#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sinks/rabbitmq/frames.hpp"
#include "sinks/rabbitmq/methods.hpp"
#include "sluice/error.hpp"

namespace sluice::sinks::rabbitmq {

/// What the server has sent to a channel.
struct Inbox {
  std::vector<Confirm> confirms;
  std::vector<Return> returns;         ///< of messages that are confirmed later, in `confirms` or afterwards
  std::vector<std::uint32_t> replies;  ///< other methods, such as channel.open-ok
  std::optional<Closing> closed;       ///< the server has closed the channel
};

/// The protocol of one connection: log-in, limits, channels, alarms. Bytes that arrive go in, bytes to send
/// come out.
///
/// No I/O. Not thread-safe.
class Session {
 public:
  struct LogIn {
    std::string user;
    std::string password;
    std::string vhost;
    std::uint16_t heartbeat_s = 0;
  };
  enum class State : std::uint8_t { logging_in, open, closed };

  /// `where` is the server in the texts of errors.
  Session(std::string where, LogIn log_in);

  /// In these functions `out` receives what is to be sent.
  void begin(std::string& out) const { out.append(protocol_header); }
  void receive(std::string_view bytes, std::string& out);
  /// Asks the server to close the connection.
  void close(std::string& out);
  /// The connection is lost, or could not be made.
  void lost(Error error);

  State state() const { return state_; }
  /// Why it is closed.
  const Error& error() const { return error_; }
  /// The limits agreed with the server.
  const Tuning& tuning() const { return tuning_; }
  /// Why the server takes no messages now (memory or disk space is short). Nothing if it takes them.
  const std::optional<std::string>& blocked() const { return blocked_; }

  /// Opens a channel, and switches on its confirmations. It can be used after channel.open-ok and
  /// confirm.select-ok have arrived. Nothing if the server allows no more channels.
  std::optional<std::uint16_t> open_channel(std::string& out);
  /// The channel's inbox, to be emptied by its user.
  Inbox& inbox(std::uint16_t channel) { return channels_[channel].inbox; }
  /// The channel's user is gone: it is closed. Its number is used again when the server has closed it too.
  void forget(std::uint16_t channel, std::string& out);

 private:
  struct Channel {
    Inbox inbox;
    std::optional<Return> returning;  ///< its header and body are still to come
    std::uint64_t body_left = 0;
    bool has_header = false;
    bool forgotten = false;
  };

  void on_frame(const Frame& frame, std::string& out);
  void on_connection_method(std::string_view payload, std::string& out);
  void on_start(Decoder& decoder, std::string& out);
  void on_tune(Decoder& decoder, std::string& out);
  void on_close(Decoder& decoder, std::string& out);
  void on_channel_method(std::uint16_t number, Channel& channel, std::string_view payload, std::string& out);
  void on_content(Channel& channel, const Frame& frame);
  void end_return(Channel& channel);
  void fail(const std::string& why);

  const std::string where_;
  const LogIn log_in_;
  FrameReader reader_;
  State state_ = State::logging_in;
  Error error_;
  Tuning tuning_;
  std::optional<std::string> blocked_;
  std::map<std::uint16_t, Channel> channels_;
};

}  // namespace sluice::sinks::rabbitmq
