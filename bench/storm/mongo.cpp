#include "mongo.hpp"

namespace storm {

Client connect(const std::string& uri) {
  Client client(mongoc_client_new(uri.c_str()));
  if (!client) throw std::runtime_error("not a MongoDB URI: " + uri);
  mongoc_client_set_appname(client.get(), "storm");
  mongoc_client_set_error_api(client.get(), MONGOC_ERROR_API_VERSION_2);
  return client;
}

Collection collection(const Client& client, const std::string& database, const std::string& name) {
  return Collection(mongoc_client_get_collection(client.get(), database.c_str(), name.c_str()));
}

Bson json(std::string_view text) {
  bson_error_t error;
  bson_t* parsed = bson_new_from_json(reinterpret_cast<const std::uint8_t*>(text.data()),
                                      static_cast<ssize_t>(text.size()), &error);
  if (parsed == nullptr) throw MongoError("json " + std::string(text), error);
  return Bson(parsed);
}

Bson command(const Client& client, const std::string& database, const bson_t* command) {
  Bson reply;
  // The driver initialises the reply itself, so it gets separate storage, which is then copied.
  bson_t raw;
  bson_error_t error;
  const bool ok =
      mongoc_client_command_simple(client.get(), database.c_str(), command, nullptr, &raw, &error);
  bson_concat(reply.get(), &raw);
  bson_destroy(&raw);
  if (!ok) {
    bson_iter_t iter;
    const bool named = bson_iter_init(&iter, command) && bson_iter_next(&iter);
    throw MongoError(named ? bson_iter_key(&iter) : "command", error);
  }
  return reply;
}

Bson command(const Client& client, const std::string& database, std::string_view json_command) {
  return command(client, database, json(json_command).get());
}

std::int64_t execute(const Bulk& bulk) {
  bson_t reply;
  bson_error_t error;
  const bool ok = mongoc_bulk_operation_execute(bulk.get(), &reply, &error) != 0;
  std::int64_t touched = 0;
  if (ok)
    for (const char* field : {"nInserted", "nModified", "nRemoved", "nUpserted"})
      touched += integer_at(&reply, field);
  bson_destroy(&reply);
  if (!ok) throw MongoError("bulk write", error);
  return touched;
}

std::int64_t integer_at(const bson_t* document, const char* path) {
  bson_iter_t iter;
  bson_iter_t found;
  if (!bson_iter_init(&iter, document) || !bson_iter_find_descendant(&iter, path, &found)) return 0;
  return bson_iter_as_int64(&found);
}

Moment now(const Client& client) {
  const Bson reply = command(client, "admin", R"({"ping":1})");
  bson_iter_t iter;
  Moment moment;
  if (!bson_iter_init_find(&iter, reply.get(), "operationTime"))
    throw std::runtime_error("the server told no operationTime: it is no replica set");
  bson_iter_timestamp(&iter, &moment.seconds, &moment.increment);
  ++moment.increment;
  return moment;
}

}  // namespace storm
