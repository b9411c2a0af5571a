#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "sinks/kafka/flight.hpp"
#include "sinks/kafka/outlet.hpp"

namespace sluice::sinks {

/// One attempt of a lane to publish a batch.
class Kafka::Attempt {
 public:
  Attempt(Kafka& outlet, Lane& lane, const Batch& batch) : outlet_(outlet), lane_(lane), batch_(batch) {}
  Outcome run();

 protected:
  /// What a message needs on its way: the topic's handle by its name.
  using Topics = std::unordered_map<std::string_view, rd_kafka_topic_t*>;

  void land_left();
  void fly();
  void send_all();
  bool send_one(std::size_t place);
  rd_kafka_topic_t* topic_of(const DeliverWrite& write);
  bool give(std::size_t place, rd_kafka_topic_t* topic, const kafka::Record& record);
  void refuse(std::size_t place, Error error);
  bool landed();
  void leave();
  void judge(const std::vector<kafka::Flown>& flight, const kafka::Settled& settled);
  Error silence() const;
  Error failure(kafka::Fate fate) const;
  rd_kafka_resp_err_t refusal_of(std::size_t place, kafka::Fate fate) const;
  std::optional<std::size_t> refused_place(const std::vector<kafka::Flown>& flight) const;

  const DeliverWrite& delivery(std::size_t place) const {
    return std::get<DeliverWrite>(batch_.writes[indices_[place]]);
  }

  Kafka& outlet_;
  Lane& lane_;
  const Batch& batch_;
  std::vector<std::size_t> indices_;  ///< of the batch's writes that are still to be sent
  std::shared_ptr<kafka::Producer> producer_;
  Topics topics_;
  std::string text_;                 ///< the rendered value
  std::optional<Error> unsendable_;  ///< why sending stopped
  std::optional<Error> refusal_;     ///< of the first refused message
  std::vector<std::size_t> done_;    ///< of the batch's writes
  Outcome outcome_;
};

}  // namespace sluice::sinks
