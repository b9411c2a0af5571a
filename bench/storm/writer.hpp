#pragma once

#include <string>
#include <vector>

#include "mongo.hpp"

namespace storm {

/// Whether a batch is a plain unordered bulk, or a transaction that also writes a position document, as a
/// worker's does.
enum class Commit { plain, transaction };
const char* name(Commit commit);

/// Collects updates and writes them in batches. With full batches this is the fastest possible client.
class Writer {
 public:
  Writer(const Client& client, std::string database, Commit commit);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void update_one(const std::string& collection, const Bson& selector, const Bson& change,
                  bool upsert = false);
  void update_many(const std::string& collection, const Bson& selector, const Bson& change);
  /// Writes the collected updates, if there are any.
  void flush();

 private:
  struct Part {
    std::string name;
    Collection collection;
    Bulk bulk;
  };

  const Client& client_;
  std::string database_;
  std::vector<Part> parts_;
  Session session_;
  Collection position_;
  Bson position_id_;
  std::int64_t sequence_ = 0;

  mongoc_bulk_operation_t* bulk(const std::string& collection);
  Bson in_session(Bson options) const;
  void write_position();
  void run_bulks();
};

}  // namespace storm
