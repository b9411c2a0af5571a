// The services of the example that read from the bus. The data service, which takes the readings, is that of
// the sensors' example.

#include <CLI/CLI.hpp>
#include <iostream>

#include "bus/subscriber.hpp"
#include "sensors/json.hpp"
#include "sensors/services.hpp"
#include "workbench/document.hpp"
#include "workbench/mongo.hpp"

namespace {

using workbench::Document;

/// The alert about a reading out of range.
sensors::Request alert_of(const Document& reading) {
  const bool freezer = reading.text("sensorId").starts_with("freezer-");
  Document alert(std::string(R"({"type":"sensor","context":{"reading":{"id":)") +
                 workbench::quoted(reading.text("_id")) +
                 ",\"sensorId\":" + workbench::quoted(reading.text("sensorId")) +
                 ",\"time\":" + reading.value("time") + ",\"value\":" + reading.value("value") +
                 "}},\"validRange\":" + (freezer ? R"({"from":-30,"to":-15}})" : R"({"from":16,"to":26}})"));
  return {"PUT", "/alerts", reading.text("_id"), alert.json()};
}

/// Stores an alert for each reading, once.
void alerts(const std::string& uri, const bus::Subscription& from) {
  sensors::AlertService service(uri);
  bus::subscribe(
      from, [&](const bus::Delivery& delivery) { service.answer(alert_of(Document(delivery.value))); },
      [] { std::cerr << "alerts listens to the bus" << std::endl; });
}

/// Writes a line for each alert.
void provider(const bus::Subscription& from) {
  bus::subscribe(
      from,
      [](const bus::Delivery& delivery) {
        const Document alert(delivery.value);
        std::cout << "{\"key\":" << workbench::quoted("alert-" + alert.text("_id"))
                  << ",\"notification\":{\"alert\":" << workbench::quoted(alert.text("_id"))
                  << ",\"sensor\":" << workbench::quoted(delivery.key)
                  << ",\"number\":" << alert.integer("number") << ",\"partition\":" << delivery.partition
                  << "}}" << std::endl;
      },
      [] { std::cerr << "provider listens to the bus" << std::endl; });
}

}  // namespace

int main(int argc, char** argv) {
  const workbench::Driver driver;
  CLI::App app("Services of the bus example", "bus_demo");
  app.require_subcommand(1);
  std::string uri = "mongodb://127.0.0.1:27017/?replicaSet=rs0";
  bus::Subscription from;
  app.add_option("--brokers", from.brokers, "Kafka brokers")->capture_default_str();
  auto* alerts_command = app.add_subcommand("alerts", "Stores an alert for each reading out of range");
  alerts_command->add_option("--uri", uri, "Connection string")
      ->envname("MONGODB_URI")
      ->capture_default_str();
  auto* provider_command = app.add_subcommand("provider", "Writes a line for each alert");
  for (auto* command : {alerts_command, provider_command}) command->fallthrough();
  CLI11_PARSE(app, argc, argv);
  try {
    if (*alerts_command) {
      from.topic = "readings-out-of-range";
      from.group = "alert-service";
      alerts(uri, from);
    } else {
      from.topic = "alerts";
      from.group = "provider";
      provider(from);
    }
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "bus_demo: " << error.what() << "\n";
    return 2;
  }
}
