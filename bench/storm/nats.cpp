#include "nats.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace storm {
namespace {

using namespace std::chrono_literals;
constexpr auto kStartTimeout = 30s;
constexpr std::int64_t kStallMs =
    60'000;  // how long a publisher with a full window waits for an acknowledgement

/// The path of nats-server. /usr/sbin, where Debian installs it, is not in every user's PATH.
std::string find_program(const std::string& named) {
  if (!named.empty()) return named;
  const char* path = std::getenv("PATH");
  std::stringstream folders(std::string(path == nullptr ? "" : path) + ":/usr/sbin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    std::string program = folder + "/nats-server";
    if (access(program.c_str(), X_OK) == 0) return program;
  }
  throw std::runtime_error("no nats-server: name one by --nats-server, or run tools/setup");
}

NatsConnection connect_to(const std::string& url) {
  natsConnection* made = nullptr;
  const natsStatus status = natsConnection_ConnectTo(&made, url.c_str());
  NatsConnection connection(made);
  check(status, "nats-server");
  return connection;
}

/// Waits until the server accepts connections.
NatsConnection connect_eventually(const std::string& url, Process& server) {
  const auto deadline = std::chrono::steady_clock::now() + kStartTimeout;
  for (;;) {
    try {
      return connect_to(url);
    } catch (const std::runtime_error&) {
      if (!server.running()) throw std::runtime_error("nats-server ended at once");
      if (std::chrono::steady_clock::now() > deadline) throw;
    }
    std::this_thread::sleep_for(20ms);
  }
}

/// The version that the server logs when it starts.
std::string version_in(const std::string& log) {
  std::ifstream in(log);
  for (std::string line; std::getline(in, line);) {
    const auto at = line.rfind("Version: ");
    if (at != std::string::npos) return line.substr(line.find_first_not_of(' ', at + 8));
  }
  return "unknown";
}

}  // namespace

void check(natsStatus status, const char* doing) {
  if (status == NATS_OK) return;
  const char* more = nats_GetLastError(nullptr);
  throw std::runtime_error(std::string(doing) + ": " + natsStatus_GetText(status) +
                           (more == nullptr ? "" : std::string(" (") + more + ")"));
}

NatsServer::NatsServer(const std::string& program, const std::string& parent) : directory_(parent) {
  const std::string folder = directory_.path();
  const int port = free_port();
  std::ofstream(folder + "/nats.conf") << "listen: \"127.0.0.1:" << port << "\"\n"
                                       << "jetstream { store_dir: \"" << folder << "/store\" }\n";
  process_ = std::make_unique<Process>(
      std::vector<std::string>{find_program(program), "-c", folder + "/nats.conf"}, folder + "/nats.log");
  url_ = "nats://127.0.0.1:" + std::to_string(port);
  connect_eventually(url_, *process_);
  version_ = version_in(folder + "/nats.log");
}

NatsClient::NatsClient(const NatsServer& server, std::int64_t window)
    : connection_(connect_to(server.url())) {
  jsOptions options;
  jsOptions_Init(&options);
  options.PublishAsync.MaxPending = window;
  options.PublishAsync.StallWait = kStallMs;
  jsCtx* made = nullptr;
  check(natsConnection_JetStream(&made, connection_.get(), &options), "JetStream");
  jetstream_.reset(made);
}

Held NatsClient::held(const std::string& stream) const {
  jsStreamInfo* made = nullptr;
  const natsStatus status = js_GetStreamInfo(&made, jetstream(), stream.c_str(), nullptr, nullptr);
  const StreamInfo info(made);
  if (status == NATS_NOT_FOUND) return {};
  check(status, "stream");
  return {info->State.Msgs, info->State.NumSubjects};
}

void NatsClient::remove(const std::string& stream) const {
  const natsStatus status = js_DeleteStream(jetstream(), stream.c_str(), nullptr, nullptr);
  if (status != NATS_NOT_FOUND) check(status, "stream");
}

void NatsClient::empty(const std::string& stream) const {
  const natsStatus status = js_PurgeStream(jetstream(), stream.c_str(), nullptr, nullptr);
  if (status != NATS_NOT_FOUND) check(status, "stream");
}

void NatsClient::create(const std::string& stream) const {
  const std::string subjects = stream + ".>";
  const char* list[] = {subjects.c_str()};
  jsStreamConfig config;
  jsStreamConfig_Init(&config);
  config.Name = stream.c_str();
  config.Subjects = list;
  config.SubjectsLen = 1;
  config.Storage = js_FileStorage;
  check(js_AddStream(nullptr, jetstream(), &config, nullptr, nullptr), "stream");
}

}  // namespace storm
