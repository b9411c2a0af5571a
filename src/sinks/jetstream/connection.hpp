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
#include <utility>
#include <variant>
#include <vector>

#include "sinks/jetstream/raii.hpp"
#include "sluice/config.hpp"
#include "sluice/error.hpp"

namespace sluice::sinks::jetstream {

/// A connection to a NATS server or cluster. When it breaks, the library reconnects: it tries all servers in
/// turn, for as long as this object lives. Thread-safe.
///
/// nats_CloseAndWait() is not called at the end of the process: version 3.4 also shuts OpenSSL down, which
/// libmongoc still uses, and the process crashes.
class Connection {
 public:
  /// Connects; blocks until connected or timed out. Reads secrets from their files each time, so a new
  /// connection uses new secrets.
  static std::variant<std::shared_ptr<Connection>, Error> open(const NatsConfig& config);
  /// Waits until the library makes no more callbacks.
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  natsConnection* get() const { return handle_.get(); }

  /// Whether the connection is up now. Messages sent while it is down would wait in the library's buffer for
  /// an unknown time.
  bool up() const { return natsConnection_Status(handle_.get()) == NATS_CONN_STATUS_CONNECTED; }
  /// Whether the library no longer reconnects (for example after refused credentials), so that a new
  /// connection is needed.
  bool closed() const { return natsConnection_IsClosed(handle_.get()); }
  /// How often the connection was lost. Messages sent before a loss and not yet answered get no answer.
  std::uint64_t losses() const { return losses_; }
  /// The server's last error message (for example a missing permission); "" if there was none.
  std::string complaint() const;
  std::size_t max_payload() const {
    return static_cast<std::size_t>(natsConnection_GetMaxPayload(handle_.get()));
  }

  /// Calls `wake` each time the connection is lost, as long as the watch exists. The call comes on a thread
  /// of the library, with the connection's mutex locked.
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

  /// Ends a subscription, and destroys it as soon as the library cannot reach it any more. Do not call it on
  /// a thread of the library. Some are kept, until there are several or this object ends. To destroy these
  /// it waits for one round trip to the server, half a second at most; without an answer they are kept.
  ///
  /// The library's reading thread uses the subscription of the message that it handles without owning it
  /// (until version 3.6). So a subscription that is destroyed while messages for it arrive would be used
  /// after it is freed. The answer to a ping comes over the same thread, and shows that it is past such a
  /// message.
  void end(SubscriptionHandle subscription);

 private:
  Connection() = default;
  natsStatus prepare(const NatsConfig& config, natsOptions* options);
  void lost() noexcept;

  // Called on the library's threads. No exception may leave them.
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
  std::mutex ended_mutex_;
  std::vector<SubscriptionHandle> ended_;  ///< guarded by ended_mutex_; the library may still reach them
  ConnectionHandle handle_;
};

/// Owns a subscription of a connection, and keeps the connection alive. Must not be destroyed on a thread of
/// the library.
class Subscription {
 public:
  Subscription() = default;
  Subscription(std::shared_ptr<Connection> connection, natsSubscription* made)
      : connection_(std::move(connection)), handle_(made) {}
  ~Subscription() { end(); }
  Subscription(Subscription&&) noexcept = default;
  Subscription& operator=(Subscription&& other) noexcept {
    if (this == &other) return *this;
    end();
    connection_ = std::move(other.connection_);
    handle_ = std::move(other.handle_);
    return *this;
  }

  natsSubscription* get() const { return handle_.get(); }
  explicit operator bool() const { return handle_ != nullptr; }

 private:
  void end() {
    if (handle_) connection_->end(std::move(handle_));
  }

  std::shared_ptr<Connection> connection_;
  SubscriptionHandle handle_;
};

/// The error for a failed call of the library: `doing`, then the library's text. Its kind is `unavailable`.
Error error_of(natsStatus status, const std::string& doing);

struct ServerPlace {
  std::string host;  ///< an IPv6 address without its brackets
  int port = 0;
};
/// The host and port in a URL of the form `[SCHEME://][USER:PASSWORD@]HOST[:PORT]`.
ServerPlace place_of(std::string_view url);

}  // namespace sluice::sinks::jetstream
