#include "rabbitmq.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <vector>

namespace storm {
namespace {

using namespace std::chrono_literals;
constexpr auto kRabbitStart = 60s;
constexpr std::uint16_t kPrefetch = 4096;
const std::string kRabbitScript = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/// The broker's own folders, ports and name, whatever else runs on the machine.
std::vector<std::string> environment_of(const std::string& folder, int port, int epmd) {
  return {"HOME=" + folder + "/home",
          "RABBITMQ_MNESIA_BASE=" + folder + "/data",
          "RABBITMQ_LOG_BASE=" + folder + "/log",
          "RABBITMQ_NODENAME=storm@localhost",
          "RABBITMQ_NODE_IP_ADDRESS=127.0.0.1",
          "RABBITMQ_NODE_PORT=" + std::to_string(port),
          "RABBITMQ_DIST_PORT=" + std::to_string(free_port()),
          "RABBITMQ_CONF_ENV_FILE=" + folder + "/none",
          "RABBITMQ_CONFIG_FILE=" + folder + "/rabbitmq",
          "RABBITMQ_ENABLED_PLUGINS_FILE=" + folder + "/plugins",
          "RABBITMQ_GENERATED_CONFIG_DIR=" + folder + "/data",
          "RABBITMQ_PID_FILE=" + folder + "/pid",
          "ERL_EPMD_PORT=" + std::to_string(epmd),
          "ERL_EPMD_ADDRESS=127.0.0.1",
          "RUNNING_UNDER_SYSTEMD=true"};
}

bool answers(int port) {
  try {
    const workbench::Rabbit rabbit(port);
    return true;
  } catch (const workbench::RabbitError&) {
    return false;
  }
}

}  // namespace

RabbitBroker::RabbitBroker(const std::string& parent) : directory_(parent), port_(free_port()) {
  if (!std::filesystem::exists(kRabbitScript))
    throw std::runtime_error("there is no RabbitMQ; install rabbitmq-server");
  const std::string& folder = directory_.path();
  for (const char* name : {"/home", "/data", "/log"}) std::filesystem::create_directories(folder + name);
  std::ofstream(folder + "/plugins") << "[].\n";
  std::ofstream(folder + "/rabbitmq.conf") << "log.console = true\n";
  const int epmd = free_port();
  epmd_ = std::make_unique<Process>(std::vector<std::string>{"/usr/bin/env", "epmd", "-port",
                                                             std::to_string(epmd), "-address", "127.0.0.1"},
                                    folder + "/epmd.log");
  process_ = std::make_unique<Process>(std::vector<std::string>{kRabbitScript}, folder + "/rabbitmq.log",
                                       environment_of(folder, port_, epmd));
  const auto deadline = std::chrono::steady_clock::now() + kRabbitStart;
  while (!answers(port_)) {
    if (!process_->running()) throw std::runtime_error("RabbitMQ ended at once");
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("RabbitMQ does not answer");
    std::this_thread::sleep_for(100ms);
  }
}

RabbitReader::RabbitReader(int port, const std::string& queue) : rabbit_(port) {
  rabbit_.consume(queue, kPrefetch);
}

std::int64_t RabbitReader::read() {
  for (const workbench::RabbitMessage& message : rabbit_.next(0ms)) {
    ++read_;
    ids_.insert(message.message_id);
  }
  return read_;
}

}  // namespace storm
