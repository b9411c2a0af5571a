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

/// A connection to a NATS server or cluster. The library keeps it up by itself: when the server goes it tries
/// the others, and the same again, for as long as the connection lives. Thread-safe.
///
/// The library as a whole is left to its own clean-up at the end of the process: nats_CloseAndWait() of 3.4
/// takes OpenSSL down with it, which libmongoc uses too, and the process ends in a crash.
class Connection {
 public:
  /// Blocks for as long as a connect may take. Secrets that stand in files are read here, so that a new
  /// connection is made with new ones.
  static std::variant<std::shared_ptr<Connection>, Error> open(const NatsConfig& config);
  /// Waits until none of the library's callbacks can come any more.
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  natsConnection* get() const { return handle_.get(); }

  /// It is up now. What is sent while it is not would wait in a buffer for nobody knows how long.
  bool up() const { return natsConnection_Status(handle_.get()) == NATS_CONN_STATUS_CONNECTED; }
  /// It has given up for good (refused credentials, say): only a new one helps.
  bool closed() const { return natsConnection_IsClosed(handle_.get()); }
  /// How often it went down. What was sent before it did and is not answered will not be.
  std::uint64_t losses() const { return losses_; }
  /// What the server complained of last (a missing permission, say); "" when it did not.
  std::string complaint() const;
  std::size_t max_payload() const {
    return static_cast<std::size_t>(natsConnection_GetMaxPayload(handle_.get()));
  }

  /// Calls `wake`, on a thread of the library, whenever the connection goes down, for as long as the watch
  /// lives.
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

  // Called by the library's threads, which no exception may reach.
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

/// The library's words for a failed call, and what they ask for.
Error error_of(natsStatus status, const std::string& doing);

struct ServerPlace {
  std::string host;  ///< an IPv6 address without its brackets
  int port = 0;
};
/// Where the server of one URL is: `[SCHEME://][USER:PASSWORD@]HOST[:PORT]`.
ServerPlace place_of(std::string_view url);

}  // namespace sluice::sinks::jetstream
