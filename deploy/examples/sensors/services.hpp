#pragma once

#include <iosfwd>
#include <mutex>
#include <string>
#include <string_view>

#include "connections.hpp"
#include "http_service.hpp"

/// The three services of the example. Each answers one kind of request, and knows nothing of the others.
namespace sensors {

inline constexpr const char* data_database = "sensor_data";
inline constexpr const char* alerts_database = "sensor_alerts";

/// PUT /data {sensorId, time, value}: stores the reading, and answers 201. A reading that comes again is one.
class DataService {
 public:
  explicit DataService(const std::string& uri, const std::string& database = data_database)
      : mongo_(uri, database) {}
  Answer answer(const Request& request);

 private:
  Connections mongo_;
};

/// PUT /alerts {type: "sensor", context: {reading: ...}, validRange: {from, to}} with an Idempotency-Key:
/// stores the alert under its key, once, with its number among those of its sensor, and answers 201 (200 if
/// it was there already).
class AlertService {
 public:
  /// Makes the index that it needs.
  explicit AlertService(const std::string& uri, const std::string& database = alerts_database);
  Answer answer(const Request& request);

 private:
  Connections mongo_;
};

/// POST /notifications: a line for each, {"key": its Idempotency-Key, "notification": what it says}. It takes
/// all that it is told, also a second time: the key is what tells that it is the same.
class ProviderService {
 public:
  explicit ProviderService(std::ostream& out) : out_(out) {}
  Answer answer(const Request& request);

 private:
  std::mutex mutex_;
  std::ostream& out_;
};

}  // namespace sensors
