#pragma once

#include <stdexcept>
#include <string>

#include "sluice/event.hpp"
#include "unit/bson/json.hpp"

namespace sluice::test {

/// The parts of a change event as JSON; what is empty is left out.
struct EventJson {
  std::string operation;
  std::string collection;
  std::string id = "1";
  std::string full = "";
  std::string before = "";
  std::string update = "";  ///< the update's description
  std::string token = "8201";
  std::string detail = "";  ///< how much is told: "1" the needed fields, "2" the key

  std::string text() const {
    std::string json = R"({"_id": {"_data": ")" + token + R"("}, "operationType": ")" + operation +
                       R"(", "clusterTime": {"$timestamp": {"t": 5, "i": 1}}, )"
                       R"("wallTime": {"$date": {"$numberLong": "5000"}}, "ns": {"db": "conduit")";
    if (!collection.empty()) json += R"(, "coll": ")" + collection + '"';
    json += "}";
    if (!id.empty()) json += R"(, "documentKey": {"_id": )" + id + "}";
    if (!full.empty()) json += R"(, "fullDocument": )" + full;
    if (!before.empty()) json += R"(, "fullDocumentBeforeChange": )" + before;
    if (!update.empty()) json += R"(, "updateDescription": )" + update;
    if (!detail.empty()) json += R"(, "sluiceDetail": )" + detail;
    return json + "}";
  }
};

/// {"updatedFields": .., "removedFields": .., "truncatedArrays": ..}
inline std::string description(const std::string& updated, const std::string& removed = "[]",
                               const std::string& truncated = "[]") {
  return R"({"updatedFields": )" + updated + R"(, "removedFields": )" + removed + R"(, "truncatedArrays": )" +
         truncated + "}";
}

inline EventJson inserted(std::string collection, std::string id, std::string full) {
  return {.operation = "insert",
          .collection = std::move(collection),
          .id = std::move(id),
          .full = std::move(full)};
}
inline EventJson replaced(std::string collection, std::string id, std::string before, std::string full) {
  return {.operation = "replace",
          .collection = std::move(collection),
          .id = std::move(id),
          .full = std::move(full),
          .before = std::move(before)};
}
inline EventJson deleted(std::string collection, std::string id, std::string before) {
  return {.operation = "delete",
          .collection = std::move(collection),
          .id = std::move(id),
          .before = std::move(before)};
}
inline EventJson updated(std::string collection, std::string id, std::string before,
                         std::string description) {
  return {.operation = "update",
          .collection = std::move(collection),
          .id = std::move(id),
          .before = std::move(before),
          .update = std::move(description)};
}

inline ChangeEvent parse(Store& store, const EventJson& json) {
  ChangeEvent event;
  if (!parse_event(store.document(json.text()), event)) throw std::invalid_argument(json.text());
  return event;
}

}  // namespace sluice::test
