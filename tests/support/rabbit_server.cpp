#include "support/rabbit_server.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "workbench/eventually.hpp"

namespace sluice::test {
namespace {

/// The scripts themselves: those in PATH change the user.
constexpr const char* rabbit_programs = "/usr/lib/rabbitmq/bin/";

}  // namespace

const std::string& why_no_rabbitmq() {
  static const std::string why = std::filesystem::exists(std::string(rabbit_programs) + "rabbitmq-server")
                                     ? ""
                                     : "there is no RabbitMQ: install rabbitmq-server";
  return why;
}

RabbitServer::RabbitServer(Options options) : options_(std::move(options)) {
  if (!why_no_rabbitmq().empty()) throw std::runtime_error(why_no_rabbitmq());
  for (const char* name : {"home", "data", "log"}) std::filesystem::create_directories(folder_.path() / name);
  std::ofstream(folder_.path() / "plugins") << "[" << options_.plugins << "].\n";
  std::ofstream conf(folder_.path() / "rabbitmq.conf");
  conf << "listeners.tcp.default = 127.0.0.1:" << port_.text() << "\nlog.console = true\n"
       << options_.settings << "\n";
  if (!options_.tls.empty())
    conf << "listeners.ssl.default = 127.0.0.1:" << tls_port_.text() << "\n" << options_.tls << "\n";
  conf.close();
  if (options_.behind_proxy) proxy_ = std::make_unique<workbench::TcpProxy>(port_.number());
  epmd_ = std::make_unique<Process>(
      Process::Options{.command = {find_program("epmd"), "-port", epmd_port_.text(), "-address", "127.0.0.1"},
                       .environment = {}});
  start();
}

Environment RabbitServer::environment() const {
  const std::string folder = folder_.path().string() + "/";
  return {{"HOME", folder + "home"},
          {"RABBITMQ_MNESIA_BASE", folder + "data"},
          {"RABBITMQ_LOG_BASE", folder + "log"},
          {"RABBITMQ_NODENAME", "sluice@localhost"},
          {"RABBITMQ_DIST_PORT", distribution_port_.text()},
          {"RABBITMQ_CONFIG_FILE", folder + "rabbitmq"},
          {"RABBITMQ_CONF_ENV_FILE", folder + "none"},
          {"RABBITMQ_ENABLED_PLUGINS_FILE", folder + "plugins"},
          {"RABBITMQ_GENERATED_CONFIG_DIR", folder + "data"},
          {"RABBITMQ_PID_FILE", folder + "pid"},
          {"ERL_EPMD_PORT", epmd_port_.text()},
          {"ERL_EPMD_ADDRESS", "127.0.0.1"},
          // The script becomes the broker, so that its process id is the broker's.
          {"RUNNING_UNDER_SYSTEMD", "true"}};
}

void RabbitServer::start() {
  const auto log = folder_.path() / "rabbitmq.log";
  process_ = std::make_unique<Process>(
      Process::Options{.command = {std::string(rabbit_programs) + "rabbitmq-server"},
                       .environment = environment(),
                       .out = log,
                       .err = log});
  const bool listening = workbench::eventually(patience(std::chrono::seconds(120)), [this] {
    return process_->exit_code() || workbench::listens(port_.number());
  });
  if (!listening || process_->exit_code())
    throw std::runtime_error("RabbitMQ did not start: " + read_file(log));
}

std::string RabbitServer::url(const std::string& login, const std::string& vhost) const {
  const std::string host = proxy_ ? proxy_->host() : "127.0.0.1:" + port_.text();
  return "amqp://" + login + "@" + host + "/" + vhost;
}

void RabbitServer::stop() const {
  process_->signal(SIGSTOP);
}
void RabbitServer::cont() const {
  process_->signal(SIGCONT);
}

void RabbitServer::restart() {
  start();
}

void RabbitServer::run(const std::string& program, const std::vector<std::string>& arguments) const {
  std::vector<std::string> command = {std::string(rabbit_programs) + program};
  command.insert(command.end(), arguments.begin(), arguments.end());
  const auto log = folder_.path() / (program + ".log");
  Process process({.command = command, .environment = environment(), .out = log, .err = log});
  if (process.wait(patience(std::chrono::seconds(60))) != 0)
    throw std::runtime_error(program + " failed: " + read_file(log));
}

}  // namespace sluice::test
