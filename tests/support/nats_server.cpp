#include "support/nats_server.hpp"

#include <csignal>
#include <fstream>
#include <stdexcept>

#include "workbench/eventually.hpp"

namespace sluice::test {

NatsServer::NatsServer(std::string settings) : settings_(std::move(settings)) {
  start();
}

void NatsServer::start() {
  const auto folder = folder_.path();
  {
    std::ofstream file(folder / "nats.conf");
    file << "listen: \"" << host() << "\"\n"
         << "jetstream { store_dir: \"" << (folder / "store").string() << "\" }\n"
         << settings_ << "\n";
  }
  process_ = std::make_unique<Process>(
      Process::Options{.command = {find_program("nats-server"), "-c", (folder / "nats.conf").string()},
                       .environment = {},
                       .out = folder / "nats.log",
                       .err = folder / "nats.log"});
  const bool listening = workbench::eventually(patience(std::chrono::seconds(30)), [this] {
    return process_->exit_code() || workbench::listens(port_.number());
  });
  if (!listening || process_->exit_code()) {
    throw std::runtime_error("nats-server did not start: " + read_file(folder / "nats.log"));
  }
}

void NatsServer::stop() const {
  process_->signal(SIGSTOP);
}
void NatsServer::cont() const {
  process_->signal(SIGCONT);
}
void NatsServer::restart(const std::optional<std::string>& settings) {
  if (settings) settings_ = *settings;
  start();
}

NatsCluster::NatsCluster() : routes_(3) {
  std::string routes;
  for (const workbench::Port& route : routes_) {
    routes += (routes.empty() ? "" : ", ") + std::string("\"nats://127.0.0.1:") + route.text() + "\"";
  }
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    servers_.push_back(std::make_unique<NatsServer>("server_name: n" + std::to_string(i) +
                                                    "\ncluster { name: three, listen: \"127.0.0.1:" +
                                                    routes_[i].text() + "\", routes: [" + routes + "] }"));
  }
}

std::string NatsCluster::url() const {
  std::string all;
  for (const auto& server : servers_) all += (all.empty() ? "" : ",") + server->url();
  return all;
}

}  // namespace sluice::test
