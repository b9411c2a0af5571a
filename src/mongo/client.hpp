#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "bson/raii.hpp"
#include "mongo/error.hpp"
#include "mongo/raii.hpp"
#include "sluice/bson.hpp"
#include "sluice/config.hpp"

namespace sluice::mongo {

/// Throws Stop with a plain sentence for a URI that the driver cannot read. Needs no server.
void check_uri(const std::string& uri);

/// The same for one that it cannot make clients by, either: TLS files that cannot be read, or a mongodb+srv
/// name that cannot be looked up. Asks the name server for that, so it may block.
void try_uri(const std::string& uri);

/// The stream's URI, read from its file where it stands in one. Throws Stop with a plain sentence where it
/// cannot be read.
Uri uri_of(const StreamConfig& stream);

/// host:port list of the URI, or its mongodb+srv name; never the credentials.
std::string hosts_of(const mongoc_uri_t* uri);

/// All clients of a pool were in use for as long as the URI's waitQueueTimeoutMS allows.
class NoClient : public std::runtime_error {
 public:
  NoClient();
  /// ErrorKind::transient.
  Error error() const { return {ErrorKind::transient, 0, what()}; }
};

/// What `call` returns, or NoClient as an error like those of a server: the result itself, or its `error`.
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

/// The clients of one cluster. Thread-safe; a client is used by one thread at a time.
///
/// A URI out of a file is looked at again every few seconds, whenever a client is asked for. When it has
/// changed and the server accepts it, clients are made by the new one from then on; those in use go on with
/// the old one until they are given back. A new URI that is not accepted changes nothing but is said.
class ClientPool {
  struct Generation;

 public:
  /// Told of a new URI: that it was taken up, or why not. Called on whichever thread asked for a client.
  using Listener = std::function<void(bool taken_up, const std::string& sentence)>;

  /// Throws Stop with a plain sentence when the URI cannot be read. `size` bounds the clients in use at once;
  /// `application` is what the server shows its connections under. Asks no server and no name server: that
  /// waits for the first client that is asked for.
  ClientPool(const StreamConfig& stream, int size, std::string application, Listener listener = {});
  ~ClientPool();
  ClientPool(const ClientPool&) = delete;
  ClientPool& operator=(const ClientPool&) = delete;

  /// A client out of the pool, given back when it goes out of scope.
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

  /// Blocks while all are in use, and for as long as it takes the server to accept a new URI. Throws NoClient
  /// when none comes free within the URI's waitQueueTimeoutMS, and Stop when the driver cannot make one.
  Client acquire();

  /// A client apart from the others, by the same URI but for how long it waits for an answer: to the driver
  /// that is a matter of the URI alone. It costs connections of its own, so it is for those who must wait.
  Client acquire_patient(std::chrono::milliseconds answer_timeout);

  /// How long a client of the pool waits for an answer before it gives the connection up.
  std::chrono::milliseconds answer_timeout() const;

  /// Whether a client acquired now would be made by another URI than this one.
  bool outdated(const Client& client);

  /// With a URI out of a file, a refused log-in or right may be the file's to change: such an error becomes
  /// ErrorKind::denied, and connections are made anew, for the server forgets who a dropped user was even
  /// when he is made again.
  void reconsider(Error& error);

  /// host:port list of the URI, for messages; never the credentials.
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
  const int size_;
  const std::string application_;
  const Listener listener_;
  mutable std::mutex mutex_;  ///< taken for each client, never for each event
  std::shared_ptr<Generation> current_;
  Clock::time_point look_at_;
  bool looking_ = false;
  bool denied_ = false;  ///< since the last look
  std::string refused_;  ///< what was said last of a URI that could not be taken up
};

/// What a command answered: the reply, and the error when it failed.
struct Reply {
  bson::Document document;
  std::optional<Error> error;

  bool ok() const { return !error; }
  bson::View view() const { return bson::View(*document.get()); }
};

/// Runs a command on the primary. Unless it only reads, an entry in writeErrors is an error too, and so is a
/// write that reached no majority.
Reply run_command(mongoc_client_t* client, const std::string& database, bson::View command, Doing doing,
                  const bson_t* options = nullptr);

/// The error of a write that happened, but may be taken back by a fail-over: always transient.
std::optional<Error> write_concern_error(bson::View reply);

/// The first entry of a reply's writeErrors, if any.
struct WriteError {
  std::size_t index;
  Error error;
};
std::optional<WriteError> first_write_error(bson::View reply, Doing doing = Doing::writing);

}  // namespace sluice::mongo
