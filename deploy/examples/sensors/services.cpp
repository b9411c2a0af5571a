#include "services.hpp"

#include <algorithm>
#include <ostream>

#include "json.hpp"

namespace sensors {
namespace {

using workbench::Document;
using workbench::Mongo;
using workbench::MongoError;
using workbench::quoted;

constexpr std::uint32_t duplicate_key = 11000;
constexpr std::size_t longest_name = 100;

/// The answer to what is no request of this service, or nothing.
std::optional<Answer> unless(const Request& request, const char* method, const char* target) {
  if (request.target != target) return Answer{404, error_json(std::string("there is only ") + target)};
  if (request.method != method) return Answer{405, error_json(std::string("only ") + method + " is taken")};
  return std::nullopt;
}

bool is_name(const std::string& text) {
  const auto fits = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.' || c == ':';
  };
  return !text.empty() && text.size() <= longest_name && std::ranges::all_of(text, fits);
}

struct ReadDetail {
  std::string sensor;
  std::int64_t time_ms;
  double value;

  std::string id() const { return sensor + "/" + std::to_string(time_ms); }
  Document document() const {
    Document made("{\"_id\":" + quoted(id()) + ",\"sensorId\":" + quoted(sensor) +
                  ",\"time\":" + date_json(time_ms) + "}");
    bson_append_double(made.get(), "value", -1, value);
    return made;
  }
};

ReadDetail reading_of(const std::string& body) {
  const Document document = parsed(body);
  const std::string sensor = document.text("sensorId");
  const auto time = time_at(document, "time");
  const auto value = number_at(document, "value");
  if (!is_name(sensor)) {
    throw BadRequest("'sensorId' must be a name of up to 100 letters, digits, '-', '_', '.' and ':'");
  }
  if (!time) {
    throw BadRequest("'time' must be a time, such as \"2026-03-01T12:30:00Z\" or milliseconds since 1970");
  }
  if (!value) throw BadRequest("'value' must be a number");
  return {sensor, *time, *value};
}

Answer store(Mongo& mongo, const ReadDetail& reading) {
  const Answer stored{201, "{\"id\":" + quoted(reading.id()) + "}"};
  try {
    mongo.insert("readings", reading.document());
    return stored;
  } catch (const MongoError& error) {
    if (error.code() != duplicate_key) throw;
  }
  const auto there = mongo.find_one("readings", "{\"_id\":" + quoted(reading.id()) + "}");
  if (there && number_at(*there, "value") == reading.value) return stored;
  return {409, error_json("the sensor has another value at that time already")};
}

void check_alert(const Document& alert) {
  if (alert.text("type") != "sensor") throw BadRequest("'type' must be \"sensor\"");
  if (alert.text("context.reading.sensorId").empty()) {
    throw BadRequest("'context.reading' must be a reading, with its sensorId");
  }
  const bool range = number_at(alert, "validRange.from") && number_at(alert, "validRange.to");
  if (!range) throw BadRequest("'validRange' must hold the numbers 'from' and 'to'");
}

/// The alert under the number behind its sensor's last. An index keeps a number from being given twice: then
/// the next is tried. One insert does it all, for a service that dies in a transaction leaves it open for a
/// minute, and its sensor blocked.
bool store_alert(Mongo& mongo, const std::string& key, const Document& alert) {
  const std::string sensor = quoted(alert.text("context.reading.sensorId"));
  for (;;) {
    const auto last =
        mongo.find("alerts", "{\"sensorId\":" + sensor + "}", R"({"sort":{"number":-1},"limit":1})");
    const std::int64_t number = last.empty() ? 1 : last.front().integer("number") + 1;
    Document stored("{\"_id\":" + quoted(key) + ",\"sensorId\":" + sensor +
                    ",\"number\":" + std::to_string(number) + "}");
    bson_concat(stored.get(), alert.get());
    try {
      mongo.insert("alerts", stored);
      return true;
    } catch (const MongoError& error) {
      if (error.code() != duplicate_key) throw;
    }
    if (mongo.find_one("alerts", "{\"_id\":" + quoted(key) + "}")) return false;
  }
}

}  // namespace

Answer DataService::answer(const Request& request) {
  if (auto other = unless(request, "PUT", "/data")) return *other;
  const ReadDetail reading = reading_of(request.body);
  return mongo_.use([&](Mongo& mongo) { return store(mongo, reading); });
}

AlertService::AlertService(const std::string& uri, const std::string& database) : mongo_(uri, database) {
  mongo_.use([](Mongo& mongo) {
    mongo.command(R"({"createIndexes":"alerts","indexes":[
        {"key":{"sensorId":1,"number":1},"name":"number_of_sensor","unique":true}]})");
    return true;
  });
}

Answer AlertService::answer(const Request& request) {
  if (auto other = unless(request, "PUT", "/alerts")) return *other;
  if (request.key.empty()) throw BadRequest("an alert needs an Idempotency-Key");
  const Document alert = parsed(request.body);
  check_alert(alert);
  if (alert.has("_id") || alert.has("sensorId") || alert.has("number")) {
    throw BadRequest("'_id', 'sensorId' and 'number' are this service's to give");
  }
  const bool is_new = mongo_.use([&](Mongo& mongo) { return store_alert(mongo, request.key, alert); });
  return {is_new ? 201U : 200U, "{\"id\":" + quoted(request.key) + "}"};
}

Answer ProviderService::answer(const Request& request) {
  if (auto other = unless(request, "POST", "/notifications")) return *other;
  const std::string line =
      "{\"key\":" + quoted(request.key) + ",\"notification\":" + parsed(request.body).json() + "}";
  const std::lock_guard lock(mutex_);
  out_ << line << std::endl;
  return {202, "{}"};
}

}  // namespace sensors
