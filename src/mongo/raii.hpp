#pragma once

#include <mongoc/mongoc.h>

#include <memory>

#include "bson/destroyer.hpp"

/// Owning pointers for all libmongoc handles. Handles are destroyed nowhere else.
namespace sluice::mongo {

using Uri = std::unique_ptr<mongoc_uri_t, Destroyer<mongoc_uri_destroy>>;
using Pool = std::unique_ptr<mongoc_client_pool_t, Destroyer<mongoc_client_pool_destroy>>;
using Session = std::unique_ptr<mongoc_client_session_t, Destroyer<mongoc_client_session_destroy>>;
using SessionOptions = std::unique_ptr<mongoc_session_opt_t, Destroyer<mongoc_session_opts_destroy>>;
using TransactionOptions =
    std::unique_ptr<mongoc_transaction_opt_t, Destroyer<mongoc_transaction_opts_destroy>>;
using WriteConcern = std::unique_ptr<mongoc_write_concern_t, Destroyer<mongoc_write_concern_destroy>>;
using ReadConcern = std::unique_ptr<mongoc_read_concern_t, Destroyer<mongoc_read_concern_destroy>>;
using ReadPrefs = std::unique_ptr<mongoc_read_prefs_t, Destroyer<mongoc_read_prefs_destroy>>;
using Server = std::unique_ptr<mongoc_server_description_t, Destroyer<mongoc_server_description_destroy>>;
using Database = std::unique_ptr<mongoc_database_t, Destroyer<mongoc_database_destroy>>;
using Collection = std::unique_ptr<mongoc_collection_t, Destroyer<mongoc_collection_destroy>>;
using Cursor = std::unique_ptr<mongoc_cursor_t, Destroyer<mongoc_cursor_destroy>>;

/// Initialises libmongoc, and cleans it up at the end. Keep one alive for as long as the program uses
/// MongoDB.
class Driver {
 public:
  Driver() { mongoc_init(); }
  ~Driver() { mongoc_cleanup(); }
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
};

}  // namespace sluice::mongo
