#pragma once

#include <mongoc/mongoc.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace storm {

/// libmongoc's handles, each freed by its own function.
template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* handle) const {
    Free(handle);
  }
};
using Client = std::unique_ptr<mongoc_client_t, Freed<mongoc_client_destroy>>;
using Collection = std::unique_ptr<mongoc_collection_t, Freed<mongoc_collection_destroy>>;
using Database = std::unique_ptr<mongoc_database_t, Freed<mongoc_database_destroy>>;
using Cursor = std::unique_ptr<mongoc_cursor_t, Freed<mongoc_cursor_destroy>>;
using Stream = std::unique_ptr<mongoc_change_stream_t, Freed<mongoc_change_stream_destroy>>;
using Bulk = std::unique_ptr<mongoc_bulk_operation_t, Freed<mongoc_bulk_operation_destroy>>;
using Session = std::unique_ptr<mongoc_client_session_t, Freed<mongoc_client_session_destroy>>;

/// An owned document. (Not a unique_ptr: bson_t's alignment attribute would be lost in a template argument.)
class Bson {
 public:
  explicit Bson(bson_t* document = bson_new()) : document_(document) {}
  Bson(Bson&& other) noexcept : document_(std::exchange(other.document_, nullptr)) {}
  Bson& operator=(Bson&& other) noexcept {
    std::swap(document_, other.document_);
    return *this;
  }
  ~Bson() { bson_destroy(document_); }
  bson_t* get() const { return document_; }

 private:
  bson_t* document_;
};

/// A failed call to the server. The benchmark never retries: a figure from a run with errors is no figure.
class MongoError : public std::runtime_error {
 public:
  MongoError(std::string_view doing, const bson_error_t& error)
      : std::runtime_error(std::string(doing) + ": " + error.message), code(error.code) {}
  std::uint32_t code;
};

/// Start libmongoc for the life of main(), and end it.
class Driver {
 public:
  Driver() { mongoc_init(); }
  ~Driver() { mongoc_cleanup(); }
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
};

Client connect(const std::string& uri);
Collection collection(const Client& client, const std::string& database, const std::string& name);

/// Extended JSON to BSON. For fixed texts; documents in a hot loop are built with BCON.
Bson json(std::string_view text);

/// Run a command and return its reply, or throw MongoError.
Bson command(const Client& client, const std::string& database, const bson_t* command);
Bson command(const Client& client, const std::string& database, std::string_view json_command);

/// Run a bulk operation and throw when any of its writes failed. Returns the number of documents touched.
std::int64_t execute(const Bulk& bulk);

/// An integer at a dotted path, of whatever numeric type the server chose.
std::int64_t integer_at(const bson_t* document, const char* path);

/// A moment of the oplog: what a change stream started here reads is everything written after the call.
struct Moment {
  std::uint32_t seconds = 0;
  std::uint32_t increment = 0;
};
Moment now(const Client& client);

}  // namespace storm
