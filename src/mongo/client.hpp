#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "mongo/command.hpp"
#include "mongo/error.hpp"
#include "mongo/raii.hpp"
#include "sluice/config.hpp"

namespace sluice::mongo {

/// All clients of a pool were in use for as long as the URI's waitQueueTimeoutMS allows.
class NoClient : public std::runtime_error {
 public:
  NoClient();
  /// ErrorKind::transient.
  Error error() const { return {ErrorKind::transient, 0, what()}; }
};

/// Returns what `call` returns. If it throws NoClient, returns that error instead: as the result itself if
/// Error converts to the result's type, otherwise in the result's `error`.
template <typename Call>
auto or_error(Call&& call) -> decltype(call()) {
  try {
    return call();
  } catch (const NoClient& none) {
    using Result = decltype(call());
    if constexpr (std::is_convertible_v<Error, Result>) {
      return none.error();
    } else {
      Result result{};
      result.error = none.error();
      return result;
    }
  }
}

/// The clients of one MongoDB deployment. Thread-safe; each client is used by one thread at a time.
///
/// With `uri_file`, acquiring a client checks the file, every few seconds at most. If the URI has changed and
/// the server accepts it, new clients are made with the new URI; those in use keep the old one until they are
/// given back. If the server does not accept it, the pool reports that and keeps the old URI.
class ClientPool {
  struct Generation;

 public:
  /// Called with a message about a changed URI: whether the pool now uses it, or why not. Runs on the thread
  /// that asked for a client.
  using Listener = std::function<void(bool taken_up, const std::string& sentence)>;

  /// Throws Stop, with a message for the user, if the URI cannot be read or parsed. `size` limits how many
  /// clients are in use at once; the server shows `application` as the name of the connections. Contacts
  /// neither a server nor DNS: that happens when the first client is acquired.
  ClientPool(const StreamConfig& stream, int size, std::string application, Listener listener = {});
  ~ClientPool();
  ClientPool(const ClientPool&) = delete;
  ClientPool& operator=(const ClientPool&) = delete;

  /// A client from the pool, given back when it goes out of scope.
  class Client {
   public:
    Client(Client&& other) noexcept;
    Client& operator=(Client&& other) noexcept;
    ~Client();
    mongoc_client_t* get() const { return client_; }

   private:
    friend class ClientPool;
    explicit Client(std::shared_ptr<Generation> generation);

    std::shared_ptr<Generation> generation_;
    mongoc_client_t* client_;
  };

  /// Blocks while all clients are in use, and while a changed URI is tried on the server. Throws NoClient if
  /// none becomes free within the URI's waitQueueTimeoutMS, and Stop if the driver cannot make one.
  Client acquire();

  /// A client outside the pool, made with the same URI but with another socket timeout, which the driver can
  /// set for a whole URI only. It opens connections of its own, so it is only for commands that take long.
  Client acquire_patient(std::chrono::milliseconds answer_timeout);

  /// Changes how many clients may be in use at once.
  void allow_more(int clients);

  /// How long a client of the pool waits for an answer before it closes the connection (socketTimeoutMS).
  std::chrono::milliseconds answer_timeout() const;

  /// Whether the pool has replaced its clients since this one was made. May check the file, as acquire()
  /// does.
  bool outdated(const Client& client);

  /// With `uri_file`, a refused log-in or right may be corrected by a change of the file. So this turns such
  /// an error into ErrorKind::denied and has new connections made, even with an unchanged URI: the server
  /// forgets a connection's user when the user is dropped, and does not remember when the user is created
  /// again.
  void reconsider(Error& error);

  /// The URI's hosts, for messages; never the credentials.
  std::string hosts() const;

 private:
  using Clock = std::chrono::steady_clock;

  std::shared_ptr<Generation> make(std::string uri, int size,
                                   std::optional<std::chrono::milliseconds> answer_timeout = {}) const;
  std::shared_ptr<Generation> current() const;
  void look_again();
  void replace(bool same_too);
  void say_refused(const std::string& why);

  const std::string file_;
  const std::string application_;
  const Listener listener_;
  mutable std::mutex mutex_;  ///< locked for each client, never for each event
  int size_;                  ///< how many clients may be in use at once
  std::shared_ptr<Generation> current_;
  Clock::time_point look_at_;
  bool looking_ = false;
  bool denied_ = false;  ///< a log-in or right was refused since the last check of the file
  std::string refused_;  ///< the last reason that was reported for not using a URI
};

}  // namespace sluice::mongo
