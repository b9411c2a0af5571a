#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "config/addresses/amqp_url.hpp"
#include "flow/time.hpp"
#include "sinks/net/asio.hpp"
#include "sinks/net/certificates.hpp"
#include "sinks/net/host_addresses.hpp"
#include "sinks/net/wire.hpp"
#include "sinks/rabbitmq/session.hpp"
#include "sluice/config.hpp"

namespace sluice::sinks::rabbitmq {

namespace asio = boost::asio;

/// One connection to RabbitMQ, with a thread for its I/O. It is made once: after it is lost another one is
/// needed. Public functions may be called from any thread; they block for up to the times stated.
class Connection {
 public:
  /// How many bytes may wait to be sent before the lanes wait.
  static constexpr std::size_t most_unsent = 1 << 20;
  static constexpr flow::Duration connect_time = std::chrono::seconds(5);

  /// Connects and logs in, within connect_time. Of the URL's hosts, number `first_host` (modulo their number)
  /// is tried first. Reads the password from its file. `abandoned`, which must
  /// outlive the connection, ends this wait early, and those of the destructor and of channels. Returns
  /// ErrorKind::fatal for unusable certificates or a password file that cannot be read.
  static std::variant<std::shared_ptr<Connection>, Error> open(const RabbitConfig& config,
                                                               const std::atomic<bool>& abandoned,
                                                               std::size_t first_host = 0);
  /// Closes the connection. Waits at most a second for the broker.
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool closed() const;
  /// Why it is closed.
  Error error() const;
  /// Why the broker takes no messages now; nothing if it does.
  std::optional<std::string> blocked() const;
  std::size_t frame_max() const { return frame_max_; }
  /// How long ago the connection was made.
  flow::Duration age() const { return flow::Clock::now() - made_; }
  const std::string& where() const { return where_; }

 private:
  friend class Channel;

  Connection(const RabbitConfig& config, Session::LogIn log_in, const std::atomic<bool>& abandoned,
             std::size_t first_host);
  std::optional<Error> start();
  Error abandoned_error() const;
  void stop();

  // For channels.
  bool take(std::uint16_t channel, std::string& frames);
  bool has_room() const;
  Inbox await(std::uint16_t channel, flow::Time until, bool for_room);
  void forget(std::uint16_t channel);

  // On the thread.
  asio::awaitable<void> run();
  asio::awaitable<std::string> connect();
  asio::awaitable<std::string> connect_to(const config::UrlOrigin& host, net::HostAddresses& addresses,
                                          flow::Time until);
  asio::awaitable<std::string> connect_to(const config::UrlOrigin& host, net::tcp::endpoint address);
  asio::awaitable<void> read();
  asio::awaitable<void> write();
  void arrived(std::string_view bytes);
  void lost(Error error);
  void broken(const net::error_code& error);
  void wake_writer();
  flow::Duration heartbeat() const;

  const std::atomic<bool>& abandoned_;
  const config::AmqpPlace place_;
  const std::size_t first_host_;
  const std::string where_;
  const flow::Time made_ = flow::Clock::now();
  std::atomic<std::size_t> frame_max_ = 0;

  mutable std::mutex mutex_;
  Session session_;                  ///< protected by mutex_
  std::string out_;                  ///< protected by mutex_; what the writer sends next
  bool writer_rests_ = false;        ///< protected by mutex_
  std::condition_variable changed_;  ///< the session or a channel has news, or out_ has room

  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  net::Wire wire_{io_};
  net::Certificates certificates_;
  std::deque<net::HostAddresses> addresses_;  ///< of each host
  asio::steady_timer wake_{io_};              ///< of the writer, and while it connects
  bool stopping_ = false;                     ///< on the thread
  std::jthread thread_;
};

/// A channel of a connection, with confirmations. For one thread at a time.
class Channel {
 public:
  /// Opens a channel. Blocks for up to `patience`.
  static std::variant<std::unique_ptr<Channel>, Error> open(std::shared_ptr<Connection> connection,
                                                            flow::Duration patience);
  ~Channel() { connection_->forget(number_); }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// Declares an exchange, or asks whether it exists. Blocks for up to `patience`. After an error the channel
  /// is closed.
  std::optional<Error> declare(const ExchangeDeclaration& exchange, flow::Duration patience);

  /// Takes the frames, which are left empty, to be sent. Returns false if the channel is closed.
  bool send(std::string& frames) { return connection_->take(number_, frames); }
  /// Less than most_unsent waits to be sent. Only then should more be given to send().
  bool has_room() const { return connection_->has_room(); }
  /// Waits until something has arrived or the channel is closed, with `for_room` also until there is room, at
  /// most until `until`, and returns what has arrived.
  Inbox await(flow::Time until, bool for_room = false);

  /// The channel is not used any more: the broker has broken the protocol, or has long confirmed nothing.
  void give_up() { given_up_ = true; }

  /// The broker has closed the channel, or the connection is lost.
  bool closed() const { return given_up_ || closing_.has_value() || connection_->closed(); }
  /// Why the broker closed the channel; nothing if the connection is lost.
  const std::optional<Closing>& closing() const { return closing_; }
  Error error() const;

  Connection& connection() const { return *connection_; }
  std::uint16_t number() const { return number_; }

 private:
  Channel(std::shared_ptr<Connection> connection, std::uint16_t number)
      : connection_(std::move(connection)), number_(number) {}
  std::optional<Error> await_reply(std::uint32_t method, flow::Duration patience);

  std::shared_ptr<Connection> connection_;
  std::uint16_t number_;
  std::optional<Closing> closing_;
  bool given_up_ = false;
};

}  // namespace sluice::sinks::rabbitmq
