#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>

#include "sinks/jetstream/raii.hpp"
#include "sluice/config.hpp"
#include "sluice/error.hpp"

namespace sluice::sinks::jetstream {

/// A connection to a NATS server or cluster. The library reconnects by itself, to any of the servers, as long
/// as the connection lives. Thread-safe.
///
/// The library itself is never shut down explicitly: nats_CloseAndWait() of 3.4 also shuts down OpenSSL,
/// which libmongoc still uses, and the process would crash.
class Connection {
 public:
  /// Blocks for as long as connecting may take. Reads secrets from their files, so a new connection uses the
  /// current ones.
  static std::variant<std::shared_ptr<Connection>, Error> open(const NatsConfig& config);
  /// Waits until no callback of the library can run any more.
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  natsConnection* get() const { return handle_.get(); }

  /// Whether it is connected now. Messages sent while it is not would wait in the library's buffer for an
  /// unknown time.
  bool up() const { return natsConnection_Status(handle_.get()) == NATS_CONN_STATUS_CONNECTED; }
  /// Whether the library has given up for good, for example because of refused credentials. Then a new
  /// connection is needed.
  bool closed() const { return natsConnection_IsClosed(handle_.get()); }
  /// How often the connection was lost. Messages sent before a loss and not yet answered will get no answer.
  std::uint64_t losses() const { return losses_; }
  /// The last error that the server reported, for example a missing permission; "" if there was none.
  std::string complaint() const;
  std::size_t max_payload() const {
    return static_cast<std::size_t>(natsConnection_GetMaxPayload(handle_.get()));
  }

  /// While the watch lives, `wake` is called on a thread of the library whenever the connection is lost.
  class Watch {
   public:
    Watch(Connection& connection, std::function<void()> wake);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    Connection& connection_;
    std::list<std::function<void()>>::iterator place_;
  };

 private:
  Connection() = default;
  natsStatus prepare(const NatsConfig& config, natsOptions* options);
  void lost() noexcept;

  // Called on the library's threads; must not throw.
  static void on_disconnected(natsConnection* handle, void* self) noexcept;
  static void on_closed(natsConnection* handle, void* self) noexcept;
  static void on_error(natsConnection* handle, natsSubscription* subscription, natsStatus status,
                       void* self) noexcept;

  mutable std::mutex mutex_;
  std::condition_variable last_callback_;
  std::list<std::function<void()>> watchers_;
  std::atomic<std::uint64_t> losses_ = 0;
  std::string complaint_;
  bool finished_ = false;
  ConnectionHandle handle_;
};

/// The error of a failed call: the library's text, and a kind that says what to do.
Error error_of(natsStatus status, const std::string& doing);

struct ServerPlace {
  std::string host;  ///< an IPv6 address without brackets
  int port = 0;
};
/// Host and port of a URL `[SCHEME://][USER:PASSWORD@]HOST[:PORT]`.
ServerPlace place_of(std::string_view url);

}  // namespace sluice::sinks::jetstream
