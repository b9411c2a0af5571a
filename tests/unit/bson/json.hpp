#pragma once

#include <bson/bson.h>

#include <deque>
#include <stdexcept>
#include <string>

#include "bson/raii.hpp"
#include "sluice/bson.hpp"

namespace sluice::test {

/// Keeps the documents that a test writes as Extended JSON, so that views of them stay good as long as the
/// test.
class Store {
 public:
  bson::View document(const std::string& json) {
    bson::Document made;
    bson_error_t error{};
    if (!bson_init_from_json(made.out(), json.c_str(), -1, &error)) {
      made = {};
      throw std::invalid_argument(json + ": " + error.message);
    }
    return bson::View(*documents_.emplace_back(std::move(made)).get());
  }

  /// One value, of whatever type: 1, "x", null, {"$oid": "..."}, [..].
  bson::Value value(const std::string& json) { return document("{\"v\": " + json + "}").at("v"); }

 private:
  std::deque<bson::Document> documents_;
};

}  // namespace sluice::test
