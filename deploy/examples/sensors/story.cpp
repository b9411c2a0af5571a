#include "story.hpp"

#include <exception>
#include <map>
#include <random>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "http_client.hpp"
#include "json.hpp"
#include "workbench/eventually.hpp"

namespace sensors {
namespace {

using workbench::Document;
using workbench::Mongo;

struct Range {
  double from;
  double to;
  bool holds(double value) const { return value >= from && value <= to; }
};

/// As sluice.yaml has them.
Range range_of(const std::string& sensor) {
  return sensor.starts_with("freezer-") ? Range{-30, -15} : Range{16, 26};
}

std::string name_of(int sensor) {
  return (sensor % 2 == 0 ? "freezer-" : "room-") + std::to_string(sensor / 2 + 1);
}

std::string reading_json(const std::string& sensor, std::int64_t time_ms, double value) {
  return "{\"sensorId\":" + workbench::quoted(sensor) + ",\"time\":" + std::to_string(time_ms) +
         ",\"value\":" + std::to_string(value) + "}";
}

void put_until_stored(HttpClient& client, const std::string& body) {
  const bool stored = workbench::eventually(std::chrono::minutes(2), [&] {
    const auto reply = client.put("/data", body);
    if (reply.status >= 400 && reply.status < 500) {
      throw std::runtime_error(body + " was refused: " + reply.body);
    }
    return reply.status == 201;
  });
  if (!stored) throw std::runtime_error("the data service does not answer");
}

void send_one(const Sending& sending, int number, std::atomic<int>& sent) {
  std::mt19937_64 random(sending.seed + static_cast<std::uint64_t>(number) * 7919);
  const std::string sensor = name_of(number);
  const Range range = range_of(sensor);
  // A quarter of the range's width on either side of it: a third of all is out.
  const double beyond = (range.to - range.from) / 4;
  std::uniform_real_distribution<double> value(range.from - beyond, range.to + beyond);
  HttpClient client(sending.port);
  for (int i = 0; i < sending.readings; ++i) {
    put_until_stored(client, reading_json(sensor, sending.first_time_ms + i * 1000, value(random)));
    ++sent;
  }
}

/// The readings out of range, by id.
std::map<std::string, Document> readings_out_of_range(Mongo& data) {
  std::map<std::string, Document> found;
  data.scan("readings", {}, {}, [&](const Document& one) {
    const bool fits = range_of(one.text("sensorId")).holds(number_at(one, "value").value_or(0));
    if (!fits) found.emplace(one.text("_id"), one);
  });
  return found;
}

bool tells_of(const Document& alert, const Document& reading) {
  const Range range = range_of(reading.text("sensorId"));
  return alert.text("sensorId") == reading.text("sensorId") &&
         alert.text("context.reading.id") == reading.text("_id") &&
         number_at(alert, "context.reading.value") == number_at(reading, "value") &&
         number_at(alert, "validRange.from") == range.from && number_at(alert, "validRange.to") == range.to;
}

/// The time in a reading's id.
std::int64_t time_in(const std::string& id) {
  return std::stoll(id.substr(id.find('/') + 1));
}

using Wrong = std::vector<std::string>;

void look_at_alerts(Mongo& alerts, std::map<std::string, Document> missing, Wrong& wrong) {
  std::string sensor;
  std::int64_t number = 0;
  std::int64_t time = 0;
  alerts.scan("alerts", {}, R"({"sort":{"sensorId":1,"number":1}})", [&](const Document& alert) {
    const std::string id = alert.text("_id");
    const auto reading = missing.find(id);
    if (reading == missing.end()) {
      wrong.push_back("no reading out of range is " + id + ", which has an alert");
      return;
    }
    if (!tells_of(alert, reading->second)) wrong.push_back("the alert of " + id + " tells of something else");
    missing.erase(reading);
    if (alert.text("sensorId") != sensor) {
      sensor = alert.text("sensorId");
      number = 0;
      time = 0;
    }
    if (alert.integer("number") != ++number) wrong.push_back(id + " is not number " + std::to_string(number));
    if (time_in(id) <= time) wrong.push_back(id + " came before an older one");
    time = time_in(id);
  });
  for (const auto& [id, reading] : missing) wrong.push_back(id + " has no alert");
}

void look_at_notifications(Mongo& alerts, const std::string& notifications, Wrong& wrong) {
  std::map<std::string, std::string> by_key;
  std::istringstream lines(notifications);
  for (std::string line; std::getline(lines, line);) {
    const Document said(line);
    const std::string key = said.text("key");
    const std::string text = said.child("notification").json();
    const auto [known, is_new] = by_key.emplace(key, text);
    if (!is_new && known->second != text) wrong.push_back("two notifications have the key " + key);
    if (key != "alert-" + said.text("notification.alert")) {
      wrong.push_back("the notification of " + said.text("notification.alert") + " has the key " + key);
    }
  }
  alerts.scan("alerts", {}, {}, [&](const Document& alert) {
    if (by_key.erase("alert-" + alert.text("_id")) == 0) {
      wrong.push_back("the provider was not told of " + alert.text("_id"));
    }
  });
  for (const auto& [key, text] : by_key)
    wrong.push_back("the provider was told of " + key + ", which is none");
}

}  // namespace

void send(const Sending& sending, std::atomic<int>& sent) {
  std::vector<std::exception_ptr> failures(static_cast<std::size_t>(sending.sensors));
  {
    std::vector<std::jthread> threads;
    for (int number = 0; number < sending.sensors; ++number) {
      threads.emplace_back([&, number] {
        try {
          send_one(sending, number, sent);
        } catch (...) {
          failures[static_cast<std::size_t>(number)] = std::current_exception();
        }
      });
    }
  }
  for (const auto& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

std::vector<std::string> wrong(Mongo& data, Mongo& alerts, const std::string& notifications) {
  Wrong wrong;
  look_at_alerts(alerts, readings_out_of_range(data), wrong);
  look_at_notifications(alerts, notifications, wrong);
  return wrong;
}

int expected_alerts(Mongo& data) {
  return static_cast<int>(readings_out_of_range(data).size());
}

}  // namespace sensors
