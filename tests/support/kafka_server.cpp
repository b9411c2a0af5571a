#include "support/kafka_server.hpp"

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "workbench/eventually.hpp"

namespace sluice::test {
namespace {

/// The folder with the jars: SLUICE_KAFKA, which tools/test sets, or else the output of tools/kafka.
const std::string& kafka_folder() {
  static const std::string folder = [] {
    if (const char* named = std::getenv("SLUICE_KAFKA")) return std::string(named);
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(SLUICE_TOOLS "/kafka", "r"), pclose);
    std::array<char, 512> line{};
    if (!pipe || std::fgets(line.data(), line.size(), pipe.get()) == nullptr) return std::string();
    std::string text = line.data();
    while (text.ends_with('\n')) text.pop_back();
    return text;
  }();
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
    return "";
  }();
  return why;
}

KafkaServer::KafkaServer(std::string settings, std::string protocol)
    : settings_(std::move(settings)), protocol_(std::move(protocol)) {
  if (!why_no_kafka().empty()) throw std::runtime_error(why_no_kafka());
  configure();
  start();
}

void KafkaServer::configure() const {
  const auto data = folder_.path() / "data";
  std::filesystem::create_directories(data);
  // What Kafka's own tool for new data folders writes.
  std::ofstream(data / "meta.properties") << "version=1\ncluster.id=c2x1aWNlLXRlc3QtY2x1cw\nnode.id=1\n"
                                             "directory.id=c2x1aWNlLXRlc3QtZGlyMQ\n";
  const std::string broker = brokers();
  const std::string internal = "127.0.0.1:" + internal_port_.text();
  const std::string controller = "127.0.0.1:" + controller_port_.text();
  std::ofstream file(folder_.path() / "kafka.properties");
  file << "process.roles=broker,controller\nnode.id=1\ncontroller.quorum.voters=1@" << controller
       << "\nlisteners=CLIENT://" << broker << ",INTERNAL://" << internal << ",CONTROLLER://" << controller
       << "\nadvertised.listeners=CLIENT://" << broker << ",INTERNAL://" << internal
       << "\nlistener.security.protocol.map=CLIENT:" << protocol_
       << ",INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT\ninter.broker.listener.name=INTERNAL\n"
          "controller.listener.names=CONTROLLER\nlog.dirs="
       << data.string()
       << "\nauto.create.topics.enable=false\noffsets.topic.replication.factor=1\n"
          "offsets.topic.num.partitions=1\ntransaction.state.log.replication.factor=1\n"
          "transaction.state.log.min.isr=1\ntransaction.state.log.num.partitions=1\n"
          "group.initial.rebalance.delay.ms=0\nnum.network.threads=1\nnum.io.threads=2\n"
          "background.threads=1\nlog.cleaner.dedupe.buffer.size=2097152\n"
          "broker.session.timeout.ms=3000\nbroker.heartbeat.interval.ms=500\n"
       << settings_ << "\n";
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
  const bool listening = workbench::eventually(patience(std::chrono::seconds(120)), [this] {
    return process_->exit_code() || workbench::listens(port_.number());
  });
  if (!listening || process_->exit_code()) throw std::runtime_error("Kafka did not start: " + read_file(log));
}

void KafkaServer::restart(const std::string& settings) {
  settings_ = settings;
  configure();
  start();
}

void KafkaServer::stop() const {
  process_->signal(SIGSTOP);
}
void KafkaServer::cont() const {
  process_->signal(SIGCONT);
}

}  // namespace sluice::test
