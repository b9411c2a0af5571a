#pragma once

#include <mongoc/mongoc.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace storm {

/// A deleter that frees a C library's handle by the library's function `Free`.
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

/// Owns a BSON document. (Not a unique_ptr: bson_t's alignment attribute would be lost in a template
/// argument.)
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

/// A failed call to the server. The benchmark never retries, since a run with errors has no valid result.
class MongoError : public std::runtime_error {
 public:
  MongoError(std::string_view doing, const bson_error_t& error)
      : std::runtime_error(std::string(doing) + ": " + error.message), code(error.code) {}
  std::uint32_t code;
};

/// Initialises libmongoc, and cleans it up. Construct one in main().
class Driver {
 public:
  Driver() { mongoc_init(); }
  ~Driver() { mongoc_cleanup(); }
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
};

Client connect(const std::string& uri);
Collection collection(const Client& client, const std::string& database, const std::string& name);

/// Converts Extended JSON to BSON. Too slow for measured loops, which build documents directly.
Bson json(std::string_view text);

/// Runs a command and returns its reply. Throws MongoError.
Bson command(const Client& client, const std::string& database, const bson_t* command);
Bson command(const Client& client, const std::string& database, std::string_view json_command);

/// Runs a bulk operation. Returns the number of documents written. Throws MongoError if any write failed.
std::int64_t execute(const Bulk& bulk);

/// The number at a dotted path, of any numeric type, as an integer; 0 if it is absent.
std::int64_t integer_at(const bson_t* document, const char* path);

/// A cluster time. A change stream that starts at now() reads everything written after the call.
struct Moment {
  std::uint32_t seconds = 0;
  std::uint32_t increment = 0;
};
Moment now(const Client& client);

}  // namespace storm
