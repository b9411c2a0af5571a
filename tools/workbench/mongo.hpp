#pragma once

#include <mongoc/mongoc.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "workbench/document.hpp"
#include "workbench/freed.hpp"

namespace workbench {

/// Initialises libmongoc, and cleans it up. Construct one in main().
class Driver {
 public:
  Driver();
  ~Driver();
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
};

class MongoError : public std::runtime_error {
 public:
  MongoError(const std::string& doing, const bson_error_t& error, bool transient = false);
  std::uint32_t code() const { return code_; }
  /// Whether a transaction that failed with this may be retried.
  bool transient() const { return transient_; }

 private:
  std::uint32_t code_;
  bool transient_;
};

struct Written {
  std::int64_t inserted = 0;
  std::int64_t matched = 0;
  std::int64_t modified = 0;
  std::int64_t deleted = 0;
  std::int64_t upserted = 0;
};

/// A connection to one database. Not thread-safe. All functions throw MongoError.
///
/// A replica set may elect a new primary at any time, also because its machine is busy. So reads are repeated
/// until they succeed, and commands while they are refused for want of a primary, both for as long as the URI
/// lets the driver wait for a server (serverSelectionTimeoutMS). Writes are repeated only by the driver,
/// since a write that failed may have been executed.
class Mongo {
 public:
  Mongo(const std::string& uri, std::string database);

  const std::string& uri() const { return uri_; }
  const std::string& database() const { return database_; }

  Document command(const Document& command);
  Document admin(const Document& command);

  void insert(const std::string& collection, const Document& document);
  void insert(const std::string& collection, const std::vector<Document>& documents);
  /// `update` may also be a pipeline, written as {"pipeline": [...]}, since a Document cannot be an array.
  Written update(const std::string& collection, const Document& filter, const Document& update,
                 const Document& options = {});
  Written update_many(const std::string& collection, const Document& filter, const Document& update);
  Written replace(const std::string& collection, const Document& filter, const Document& replacement,
                  const Document& options = {});
  Written remove(const std::string& collection, const Document& filter);
  Written remove_many(const std::string& collection, const Document& filter);

  std::optional<Document> find_one(const std::string& collection, const Document& filter = {});
  std::vector<Document> find(const std::string& collection, const Document& filter = {},
                             const Document& options = {});
  /// Calls `visit` with each document, without keeping them.
  void scan(const std::string& collection, const Document& filter, const Document& options,
            const std::function<void(const Document&)>& visit);
  std::vector<Document> aggregate(const std::string& collection, const Document& pipeline);
  std::int64_t count(const std::string& collection, const Document& filter = {});

  void create_index(const std::string& collection, const Document& keys, const std::string& name);
  void drop_database();

  /// Runs everything that `body` does through this object in one transaction, and retries it after transient
  /// errors. So `body` may run more than once.
  void transaction(const std::function<void()>& body);

  /// The server's present operation time.
  std::uint64_t operation_time();
  /// Appends an entry to the oplog that changes nothing. Repeated like a read, so there may be several.
  void append_note(const std::string& by);

 private:
  using Client = std::unique_ptr<mongoc_client_t, Freed<mongoc_client_destroy>>;
  using Collection = std::unique_ptr<mongoc_collection_t, Freed<mongoc_collection_destroy>>;
  using Cursor = std::unique_ptr<mongoc_cursor_t, Freed<mongoc_cursor_destroy>>;
  using Session = std::unique_ptr<mongoc_client_session_t, Freed<mongoc_client_session_destroy>>;

  /// After which errors a call is repeated. Within a transaction it never is.
  enum class Repeat : std::uint8_t {
    never,
    if_refused,  ///< no primary: the call has done nothing
    /// Also when it was under way, or the connection broke: for calls that only read, or that may be made
    /// twice.
    if_interrupted
  };

  /// Makes one call of the driver, `call(collection, options, reply, error)`. Returns the reply or throws.
  template <class Call>
  Document run(const char* verb, const std::string& collection, const Document& options, Repeat repeat,
               Call call);
  Document command_on(const std::string& database, const Document& command, Repeat repeat);
  void try_transaction(const std::function<void()>& body);

  std::string uri_;
  std::string database_;
  Client client_;
  std::chrono::milliseconds patience_;  ///< the longest time for which a call is repeated
  Session session_;                     ///< set while a transaction runs
};

}  // namespace workbench
