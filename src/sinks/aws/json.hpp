#pragma once

#include <string_view>

#include "bson/raii.hpp"
#include "sluice/bson.hpp"

namespace sluice::sinks::aws {

/// A parsed answer in JSON. Its root is empty if the text is not a JSON object.
class JsonAnswer {
 public:
  explicit JsonAnswer(std::string_view json) {
    if (!bson_init_from_json(document_.out(), json.data(), static_cast<ssize_t>(json.size()), nullptr))
      bson_init(document_.get());
  }
  JsonAnswer(const JsonAnswer&) = delete;
  JsonAnswer& operator=(const JsonAnswer&) = delete;

  bson::View root() const { return bson::View(*document_.get()); }

 private:
  bson::Document document_;
};

}  // namespace sluice::sinks::aws
