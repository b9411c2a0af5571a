#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "core/kafka_plan.hpp"
#include "flow/time.hpp"
#include "sinks/kafka/raii.hpp"
#include "sluice/config.hpp"
#include "sluice/error.hpp"

namespace sluice::sinks::kafka {

/// Creates those of the topics that are missing, and calls `say` for each that it created. Blocks for up to
/// `patience`.
std::optional<Error> create_topics(rd_kafka_t* client, const TopicShape& shape,
                                   std::span<const std::string> names, flow::Duration patience,
                                   const std::function<void(const std::string&)>& say);

/// A client that only asks, for `check --online` and health checks. Blocks.
class Inquirer {
 public:
  /// The error says why no broker can be reached.
  static std::optional<Error> open(const KafkaConfig& config, flow::Duration patience,
                                   std::unique_ptr<Inquirer>& made);
  /// The topic's number of partitions; 0 if it does not exist.
  std::optional<Error> partitions_of(const std::string& topic, std::size_t& partitions) const;
  /// Whether a broker answers.
  bool answers() const;

 private:
  Inquirer(const KafkaConfig& config, flow::Duration patience) : config_(config), patience_(patience) {}
  Error unreachable(rd_kafka_resp_err_t code) const;

  const KafkaConfig config_;
  const flow::Duration patience_;
  Client client_;
  Queue events_;
};

}  // namespace sluice::sinks::kafka
