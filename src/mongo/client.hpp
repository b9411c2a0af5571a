#pragma once

#include <optional>
#include <string>

#include "bson/raii.hpp"
#include "mongo/error.hpp"
#include "mongo/raii.hpp"
#include "sluice/bson.hpp"

namespace sluice::mongo {

/// The clients of one cluster. Thread-safe; a client is used by one thread at a time.
class ClientPool {
 public:
  /// Throws Stop with a plain sentence when the URI cannot be used. `size` bounds the clients in use at once;
  /// `application` is what the server shows its connections under.
  ClientPool(const std::string& uri, int size, const std::string& application);

  /// A client out of the pool, given back when it goes out of scope. Blocks while all are in use.
  class Client {
   public:
    explicit Client(mongoc_client_pool_t* pool) : pool_(pool), client_(mongoc_client_pool_pop(pool)) {}
    ~Client() { mongoc_client_pool_push(pool_, client_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    mongoc_client_t* get() const { return client_; }

   private:
    mongoc_client_pool_t* pool_;
    mongoc_client_t* client_;
  };
  Client acquire() { return Client(pool_.get()); }

  /// host:port list of the URI, for messages; never the credentials.
  const std::string& hosts() const { return hosts_; }

 private:
  Pool pool_;
  std::string hosts_;
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
