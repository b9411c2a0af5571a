// The services of the example, and a hand to send readings and to check what came of them.

#include <CLI/CLI.hpp>
#include <atomic>
#include <fstream>
#include <iostream>
#include <sstream>

#include "http_service.hpp"
#include "services.hpp"
#include "story.hpp"
#include "workbench/eventually.hpp"

namespace {

struct Arguments {
  std::string uri = "mongodb://127.0.0.1:27017/?replicaSet=rs0";
  std::string data_database = sensors::data_database;
  std::string alerts_database = sensors::alerts_database;
  std::string notifications;
  int wait_seconds = 30;
  sensors::Sending sending;
};

template <class Service>
void serve(const char* name, int port, Service& service) {
  sensors::serve(
      port, [&](const sensors::Request& request) { return service.answer(request); },
      [&] { std::cerr << name << " listens on 127.0.0.1:" << port << std::endl; });
}

int data(const Arguments& arguments, int port) {
  sensors::DataService service(arguments.uri, arguments.data_database);
  serve("data", port, service);
  return 0;
}

int alerts(const Arguments& arguments, int port) {
  sensors::AlertService service(arguments.uri, arguments.alerts_database);
  serve("alerts", port, service);
  return 0;
}

int provider(const Arguments&, int port) {
  sensors::ProviderService service(std::cout);
  serve("provider", port, service);
  return 0;
}

int send(const Arguments& arguments) {
  std::atomic<int> sent = 0;
  sensors::send(arguments.sending, sent);
  std::cout << sent << " readings of " << arguments.sending.sensors << " sensors are stored\n";
  return 0;
}

std::string content(const std::string& file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

int check(const Arguments& arguments) {
  workbench::Mongo data(arguments.uri, arguments.data_database);
  workbench::Mongo alerts(arguments.uri, arguments.alerts_database);
  std::vector<std::string> wrong;
  workbench::eventually(std::chrono::seconds(arguments.wait_seconds), [&] {
    wrong = sensors::wrong(data, alerts, content(arguments.notifications));
    return wrong.empty();
  });
  for (const std::string& one : wrong) std::cout << one << "\n";
  if (!wrong.empty()) return 1;
  std::cout << sensors::expected_alerts(data) << " readings of " << data.count("readings")
            << " are out of range: each has one alert, in the order of its sensor, and the provider knows\n";
  return 0;
}

void add_uri(CLI::App& command, Arguments& arguments) {
  command.add_option("--uri", arguments.uri, "Connection string")
      ->envname("MONGODB_URI")
      ->capture_default_str();
}

void add_database(CLI::App& command, const char* flag, std::string& database) {
  command.add_option(flag, database, "Database")->capture_default_str();
}

void add_port(CLI::App& command, int& port, int otherwise) {
  port = otherwise;
  command.add_option("--port", port, "Port of 127.0.0.1 (default " + std::to_string(otherwise) + ")");
}

}  // namespace

int main(int argc, char** argv) {
  const workbench::Driver driver;
  CLI::App app("Services of the sensors' example", "sensors_demo");
  app.require_subcommand(1);
  Arguments arguments;
  int data_port = 0;
  int alerts_port = 0;
  int provider_port = 0;

  auto* data_command = app.add_subcommand("data", "Stores readings: PUT /data");
  add_uri(*data_command, arguments);
  add_database(*data_command, "--database", arguments.data_database);
  add_port(*data_command, data_port, 3000);

  auto* alerts_command = app.add_subcommand("alerts", "Stores alerts: PUT /alerts");
  add_uri(*alerts_command, arguments);
  add_database(*alerts_command, "--database", arguments.alerts_database);
  add_port(*alerts_command, alerts_port, 3001);

  auto* provider_command =
      app.add_subcommand("provider", "Writes a line for each notification: POST /notifications");
  add_port(*provider_command, provider_port, 3002);

  auto* send_command = app.add_subcommand("send", "Sends readings to the data service");
  send_command->add_option("--port", arguments.sending.port, "Its port")->capture_default_str();
  send_command->add_option("--sensors", arguments.sending.sensors, "Sensors")->capture_default_str();
  send_command->add_option("--readings", arguments.sending.readings, "Readings of each")
      ->capture_default_str();
  send_command->add_option("--seed", arguments.sending.seed, "What the values follow from")
      ->capture_default_str();

  auto* check_command = app.add_subcommand("check", "Whether every alert is there; 1 if not");
  add_uri(*check_command, arguments);
  add_database(*check_command, "--data-database", arguments.data_database);
  add_database(*check_command, "--alerts-database", arguments.alerts_database);
  check_command->add_option("--notifications", arguments.notifications, "What the provider wrote")
      ->required();
  check_command->add_option("--wait-seconds", arguments.wait_seconds, "How long to wait for that")
      ->capture_default_str();

  CLI11_PARSE(app, argc, argv);
  try {
    if (*data_command) return data(arguments, data_port);
    if (*alerts_command) return alerts(arguments, alerts_port);
    if (*provider_command) return provider(arguments, provider_port);
    return *send_command ? send(arguments) : check(arguments);
  } catch (const std::exception& error) {
    std::cerr << "sensors_demo: " << error.what() << "\n";
    return 2;
  }
}
