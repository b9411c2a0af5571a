#include "writer.hpp"

#include <utility>

namespace storm {
namespace {

Session start_session(const Client& client) {
  bson_error_t error;
  Session session(mongoc_client_start_session(client.get(), nullptr, &error));
  if (!session) throw MongoError("session", error);
  return session;
}

}  // namespace

const char* name(Commit commit) {
  return commit == Commit::plain ? "plain bulk" : "transactions";
}

Writer::Writer(const Client& client, std::string database, Commit commit)
    : client_(client), database_(std::move(database)) {
  if (commit == Commit::plain) return;
  session_ = start_session(client);
  position_ = collection(client, database_, "position");
  bson_oid_t oid;
  bson_oid_init(&oid, nullptr);
  BSON_APPEND_OID(position_id_.get(), "_id", &oid);
  bson_error_t error;
  if (!mongoc_collection_insert_one(position_.get(), position_id_.get(), nullptr, nullptr, &error))
    throw MongoError("position", error);
}

Writer::~Writer() = default;

Bson Writer::in_session(Bson options) const {
  bson_error_t error;
  if (session_ && !mongoc_client_session_append(session_.get(), options.get(), &error))
    throw MongoError("session", error);
  return options;
}

mongoc_bulk_operation_t* Writer::bulk(const std::string& name) {
  for (Part& part : parts_)
    if (part.name == name) return part.bulk.get();
  Part part{name, collection(client_, database_, name), nullptr};
  part.bulk.reset(mongoc_collection_create_bulk_operation_with_opts(
      part.collection.get(), in_session(json(R"({"ordered":false})")).get()));
  parts_.push_back(std::move(part));
  return parts_.back().bulk.get();
}

void Writer::update_one(const std::string& collection, const Bson& selector, const Bson& change,
                        bool upsert) {
  Bson options;
  if (upsert) BSON_APPEND_BOOL(options.get(), "upsert", true);
  bson_error_t error;
  if (!mongoc_bulk_operation_update_one_with_opts(bulk(collection), selector.get(), change.get(),
                                                  options.get(), &error))
    throw MongoError("update", error);
}

void Writer::update_many(const std::string& collection, const Bson& selector, const Bson& change) {
  bson_error_t error;
  if (!mongoc_bulk_operation_update_many_with_opts(bulk(collection), selector.get(), change.get(), nullptr,
                                                   &error))
    throw MongoError("update", error);
}

void Writer::write_position() {
  Bson change;
  bson_t set;
  BSON_APPEND_DOCUMENT_BEGIN(change.get(), "$set", &set);
  BSON_APPEND_INT64(&set, "seq", ++sequence_);
  bson_append_document_end(change.get(), &set);
  const Bson options = in_session(Bson());
  bson_error_t error;
  if (!mongoc_collection_update_one(position_.get(), position_id_.get(), change.get(), options.get(), nullptr,
                                    &error))
    throw MongoError("position", error);
}

void Writer::run_bulks() {
  for (Part& part : parts_) execute(part.bulk);
  parts_.clear();
}

void Writer::flush() {
  if (parts_.empty()) return;
  if (!session_) return run_bulks();
  bson_error_t error;
  if (!mongoc_client_session_start_transaction(session_.get(), nullptr, &error))
    throw MongoError("start transaction", error);
  run_bulks();
  write_position();
  if (!mongoc_client_session_commit_transaction(session_.get(), nullptr, &error))
    throw MongoError("commit", error);
}

}  // namespace storm
