#include "support/kafka_server.hpp"

#include <csignal>
#include <fstream>
#include <stdexcept>

#include "workbench/eventually.hpp"
#include "workbench/kafka_jars.hpp"

namespace sluice::test {
namespace {

/// The folder with the jars: SLUICE_KAFKA, which tools/test sets, or else the output of tools/kafka.
const std::string& kafka_folder() {
  static const std::string folder = tool_output("SLUICE_KAFKA", "kafka");
  return folder;
}

}  // namespace

const std::string& why_no_kafka() {
  static const std::string why = []() -> std::string {
    try {
      find_program("java");
    } catch (const std::exception&) {
      return "there is no Java 17 to run Kafka: install openjdk-17-jre-headless";
    }
    if (kafka_folder().empty()) return "Kafka could not be fetched: see tools/kafka";
    return workbench::why_no_kafka_jars(kafka_folder(), "SLUICE_KAFKA");
  }();
  return why;
}

KafkaServer::KafkaServer(Options options) : options_(std::move(options)) {
  if (!why_no_kafka().empty()) throw std::runtime_error(why_no_kafka());
  if (options_.behind_proxy) proxy_ = std::make_unique<workbench::TcpProxy>(port_.number());
  configure();
  start();
}

std::string KafkaServer::brokers() const {
  return proxy_ ? proxy_->host() : "127.0.0.1:" + port_.text();
}

void KafkaServer::configure() const {
  const auto data = folder_.path() / "data";
  std::filesystem::create_directories(data);
  const std::string node = std::to_string(options_.node);
  // What Kafka's own tool for new data folders writes.
  std::ofstream(data / "meta.properties") << "version=1\ncluster.id=c2x1aWNlLXRlc3QtY2x1cw\nnode.id=" << node
                                          << "\ndirectory.id=c2x1aWNlLXRlc3QtZGly" << node << "w\n";
  const workbench::Port& port = options_.controller == nullptr ? own_controller_port_ : *options_.controller;
  const std::string controller = "127.0.0.1:" + port.text();
  const std::string voters = options_.voters.empty() ? node + "@" + controller : options_.voters;
  const std::string copies = options_.voters.empty() ? "1" : "3";
  std::ofstream file(folder_.path() / "kafka.properties");
  file << "process.roles=broker,controller\nnode.id=" << node << "\ncontroller.quorum.voters=" << voters
       << "\nlisteners=CLIENT://127.0.0.1:" << port_.text() << ",INTERNAL://" << internal()
       << ",CONTROLLER://" << controller << "\nadvertised.listeners=CLIENT://" << brokers() << ",INTERNAL://"
       << internal() << "\nlistener.security.protocol.map=CLIENT:" << options_.protocol
       << ",INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT\ninter.broker.listener.name=INTERNAL\n"
          "controller.listener.names=CONTROLLER\nlog.dirs="
       << data.string() << "\nauto.create.topics.enable=false\noffsets.topic.replication.factor=" << copies
       << "\noffsets.topic.num.partitions=1\ntransaction.state.log.replication.factor=" << copies
       << "\ntransaction.state.log.min.isr=1\ntransaction.state.log.num.partitions=1\n"
          "group.initial.rebalance.delay.ms=0\nnum.network.threads=1\nnum.io.threads=2\n"
          "background.threads=1\nlog.cleaner.dedupe.buffer.size=2097152\n"
          "broker.session.timeout.ms=3000\nbroker.heartbeat.interval.ms=500\n"
          "controller.quorum.election.timeout.ms=500\ncontroller.quorum.fetch.timeout.ms=1000\n"
       << options_.settings << "\n";
}

void KafkaServer::start() {
  const auto log = folder_.path() / "kafka.log";
  process_ = std::make_unique<Process>(Process::Options{
      .command = {find_program("java"), "-Xms64m", "-Xmx320m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                  "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                  "-Djava.io.tmpdir=" + folder_.path().string(), "-cp", kafka_folder() + "/*", "kafka.Kafka",
                  (folder_.path() / "kafka.properties").string()},
      .environment = {},
      .out = log,
      .err = log});
}

void KafkaServer::wait() {
  const bool listening = workbench::eventually(patience(std::chrono::seconds(120)), [this] {
    return process_->exit_code() || workbench::listens(port_.number());
  });
  if (!listening || process_->exit_code())
    throw std::runtime_error("Kafka did not start: " + read_file(folder_.path() / "kafka.log"));
}

void KafkaServer::restart() {
  start();
  wait();
}

void KafkaServer::restart(const std::string& settings) {
  options_.settings = settings;
  configure();
  restart();
}

void KafkaServer::add_user(const std::string& name, const std::string& password) const {
  const auto log = folder_.path() / "add_user.log";
  Process tool({.command = {find_program("java"), "-cp", kafka_folder() + "/*", "kafka.admin.ConfigCommand",
                            "--bootstrap-server", internal(), "--alter", "--add-config",
                            "SCRAM-SHA-512=[password=" + password + "]", "--entity-type", "users",
                            "--entity-name", name},
                .environment = {},
                .out = log,
                .err = log});
  if (tool.wait(patience(std::chrono::seconds(60))) != 0)
    throw std::runtime_error("no user was made: " + read_file(log));
}

void KafkaServer::stop() const {
  process_->signal(SIGSTOP);
}
void KafkaServer::cont() const {
  process_->signal(SIGCONT);
}

KafkaCluster::KafkaCluster() : controllers_(3) {
  std::string voters;
  for (std::size_t i = 0; i < controllers_.size(); ++i) {
    voters += (i == 0 ? "" : ",") + std::to_string(i + 1) + "@127.0.0.1:" + controllers_[i].text();
  }
  for (std::size_t i = 0; i < controllers_.size(); ++i) {
    servers_.push_back(std::make_unique<KafkaServer>(KafkaServer::Options{
        .node = static_cast<int>(i) + 1, .controller = &controllers_[i], .voters = voters}));
  }
  for (const auto& server : servers_) server->wait();
}

std::string KafkaCluster::brokers() const {
  std::string all;
  for (const auto& server : servers_) all += (all.empty() ? "" : ",") + server->brokers();
  return all;
}

}  // namespace sluice::test
