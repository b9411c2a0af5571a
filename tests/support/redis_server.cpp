#include "support/redis_server.hpp"

#include <csignal>
#include <fstream>
#include <stdexcept>

#include "workbench/eventually.hpp"

namespace sluice::test {

RedisServer::RedisServer(std::string settings) : settings_(std::move(settings)) {
  start();
}

void RedisServer::start() {
  const auto folder = folder_.path();
  {
    std::ofstream file(folder / "redis.conf");
    file << "bind 127.0.0.1\nport " << port_.text() << "\ndir " << folder.string() << "\n"
         << "appendonly yes\nsave \"\"\n"
         << settings_ << "\n";
  }
  process_ = std::make_unique<Process>(
      Process::Options{.command = {find_program("redis-server"), (folder / "redis.conf").string()},
                       .environment = {},
                       .out = folder / "redis.log",
                       .err = folder / "redis.log"});
  const bool listening = workbench::eventually(patience(std::chrono::seconds(30)), [this] {
    return process_->exit_code() || workbench::listens(port_.number());
  });
  if (!listening || process_->exit_code()) {
    throw std::runtime_error("redis-server did not start: " + read_file(folder / "redis.log"));
  }
}

void RedisServer::stop() const {
  process_->signal(SIGSTOP);
}
void RedisServer::cont() const {
  process_->signal(SIGCONT);
}
void RedisServer::restart(const std::optional<std::string>& settings) {
  if (settings) settings_ = *settings;
  start();
}

}  // namespace sluice::test
