#include "worker/probes.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>

#include "mongo/client.hpp"
#include "sinks/aws/targets.hpp"
#include "sinks/jetstream/connection.hpp"
#include "sinks/kafka/topics.hpp"
#include "sinks/rabbitmq/connection.hpp"
#include "sinks/redis/connection.hpp"
#include "sluice/bson_builder.hpp"

namespace sluice::worker {

namespace {

constexpr auto probe_interval = std::chrono::seconds(1);
constexpr auto patience = std::chrono::seconds(2);
constexpr std::int64_t nats_answer_ms = 1000;

class AskMongo {
 public:
  explicit AskMongo(const StreamConfig& stream) : pool_(stream, 1, "sluice-health") {}

  bool operator()() {
    const auto client = pool_.acquire();
    bson::Builder ping;
    ping.append("ping", 1);
    auto error = mongo::run_command(client.get(), "admin", ping.finish(), mongo::Doing::reading).error;
    if (error) pool_.reconsider(*error);
    return !error;
  }

 private:
  mongo::ClientPool pool_;
};

class AskNats {
 public:
  explicit AskNats(const NatsConfig& config) : config_(config) {}

  bool operator()() {
    if (!connection_ || connection_->closed()) {
      auto opened = sinks::jetstream::Connection::open(config_);
      auto* made = std::get_if<std::shared_ptr<sinks::jetstream::Connection>>(&opened);
      if (made == nullptr) return false;
      connection_ = std::move(*made);
    }
    return connection_->up() && natsConnection_FlushTimeout(connection_->get(), nats_answer_ms) == NATS_OK;
  }

 private:
  NatsConfig config_;
  std::shared_ptr<sinks::jetstream::Connection> connection_;
};

class AskRedis {
 public:
  explicit AskRedis(const RedisConfig& config) : config_(config) {}

  bool operator()() {
    if (!connection_) {
      auto opened = sinks::redis::Connection::open(config_);
      auto* made = std::get_if<std::unique_ptr<sinks::redis::Connection>>(&opened);
      if (made == nullptr) return false;
      connection_ = std::move(*made);
    }
    const bool well = std::holds_alternative<std::string>(connection_->ask({"PING"}));
    if (!well) connection_.reset();
    return well;
  }

 private:
  RedisConfig config_;
  std::unique_ptr<sinks::redis::Connection> connection_;
};

class AskKafka {
 public:
  explicit AskKafka(const KafkaConfig& config) : config_(config) {}

  bool operator()() {
    if (inquirer_) return inquirer_->answers();
    return !sinks::kafka::Inquirer::open(config_, patience, inquirer_);
  }

 private:
  KafkaConfig config_;
  std::unique_ptr<sinks::kafka::Inquirer> inquirer_;
};

class AskRabbit {
 public:
  explicit AskRabbit(const RabbitConfig& config) : config_(config) {}

  /// Heartbeats show whether the broker still answers on an open connection.
  bool operator()() {
    if (connection_ && !connection_->closed()) return true;
    connection_.reset();
    auto opened = sinks::rabbitmq::Connection::open(config_, never_);
    if (auto* made = std::get_if<std::shared_ptr<sinks::rabbitmq::Connection>>(&opened))
      connection_ = std::move(*made);
    return connection_ != nullptr;
  }

 private:
  RabbitConfig config_;
  const std::atomic<bool> never_ = false;
  std::shared_ptr<sinks::rabbitmq::Connection> connection_;
};

class AskAws {
 public:
  AskAws(const AwsConfig& config, AwsPlan::Service service) : targets_(config), service_(service) {}

  bool operator()() {
    auto client = targets_.client(service_);
    return std::holds_alternative<sinks::aws::Client*>(client) &&
           !std::get<sinks::aws::Client*>(client)->try_connection();
  }

 private:
  sinks::aws::Targets targets_;
  AwsPlan::Service service_;
};

/// Whom a publishing rule publishes to: "kafka", "rabbitmq", "sqs", "sns", "eventbridge", or "stream" for
/// JetStream.
std::string_view receiver_of(const RuleConfig& rule) {
  const std::vector<std::string> keys = rule.settings.keys();
  for (const std::string_view key : {"kafka", "rabbitmq", "sqs", "sns", "eventbridge"}) {
    if (std::ranges::find(keys, key) != keys.end()) return key;
  }
  return "stream";
}

bool publishes_to(const Config& config, std::string_view receiver) {
  for (const StreamConfig& stream : config.streams) {
    for (const RuleConfig& rule : stream.rules) {
      if (rule.kind == "publish" && receiver_of(rule) == receiver) return true;
    }
  }
  return false;
}

bool has_rule(const Config& config, std::string_view kind) {
  const auto is_it = [&](const RuleConfig& rule) { return rule.kind == kind; };
  return std::ranges::any_of(
      config.streams, [&](const StreamConfig& stream) { return std::ranges::any_of(stream.rules, is_it); });
}

/// False if `ask` throws.
bool answers(const std::function<bool()>& ask) {
  try {
    return ask();
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace

Probes::Probes(const Config& config) {
  std::vector<std::pair<std::string, std::string>> clusters;
  for (const StreamConfig& stream : config.streams) {
    const std::pair cluster(stream.uri, stream.uri_file);
    if (std::ranges::find(clusters, cluster) != clusters.end()) continue;
    clusters.push_back(cluster);
    add("mongo", [ask = std::make_shared<AskMongo>(stream)] { return (*ask)(); });
  }
  if (publishes_to(config, "stream")) {
    add("nats", [ask = std::make_shared<AskNats>(config.nats)] { return (*ask)(); });
  }
  if (publishes_to(config, "kafka")) {
    add("kafka", [ask = std::make_shared<AskKafka>(config.kafka)] { return (*ask)(); });
  }
  if (publishes_to(config, "rabbitmq")) {
    add("rabbitmq", [ask = std::make_shared<AskRabbit>(config.rabbitmq)] { return (*ask)(); });
  }
  for (const auto& [name, service] :
       {std::pair("sqs", AwsPlan::Service::sqs), std::pair("sns", AwsPlan::Service::sns),
        std::pair("eventbridge", AwsPlan::Service::event_bridge)}) {
    if (!publishes_to(config, name)) continue;
    add(name, [ask = std::make_shared<AskAws>(config.aws, service)] { return (*ask)(); });
  }
  if (has_rule(config, "cache")) {
    add("redis", [ask = std::make_shared<AskRedis>(config.redis)] { return (*ask)(); });
  }
}

Probes::~Probes() {
  for (std::jthread& thread : threads_) thread.request_stop();
}

void Probes::add(const std::string& name, Ask ask) {
  const std::lock_guard lock(mutex_);
  Asked& asked = asked_.emplace_back(Asked{name, flow::Probe(patience)});
  threads_.emplace_back(
      [this, &asked, ask = std::move(ask)](const std::stop_token& stop) { run(asked, ask, stop); });
}

void Probes::run(Asked& asked, const Ask& ask, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    asked.probe.asked(flow::Clock::now());
    lock.unlock();
    const bool well = answers(ask);
    lock.lock();
    asked.probe.answered(well);
    wake_.wait_for(lock, stop, probe_interval, [] { return false; });
  }
}

std::vector<observe::Component> Probes::components() const {
  const flow::Time now = flow::Clock::now();
  const std::lock_guard lock(mutex_);
  std::vector<observe::Component> all;
  for (const Asked& one : asked_) {
    const bool up = one.probe.up(now);
    const auto known = std::ranges::find(all, one.name, &observe::Component::name);
    if (known == all.end()) {
      all.push_back({one.name, up});
    } else {
      known->up = known->up && up;
    }
  }
  return all;
}

}  // namespace sluice::worker
