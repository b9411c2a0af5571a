#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sinks/kafka/attempt.hpp"
#include "sinks/kafka/exactly_once/position_record.hpp"

namespace sluice::sinks {

/// One attempt of a lane to publish a batch in a transaction of Kafka, together with the lane's position.
/// After every failure that leaves the outcome open the lane's producer is dropped: the next attempt fences
/// it, reads from Kafka how far the lane has come, and leaves out what is there.
class Kafka::Transaction : private Attempt {
 public:
  using Attempt::Attempt;
  Outcome run();

 private:
  std::optional<Error> own_lane();
  std::optional<Error> find_unsent();
  void fly_whole();
  bool landed_or_aborted();
  kafka::PositionRecord next_position() const;
  void give_position();
  void commit();
  void judge_whole(std::vector<kafka::Flown> flight);
  void abort();
  void drop();

  std::shared_ptr<const kafka::SentByOthers> others_;
  bool aborted_ = false;
  bool unusable_ = false;  ///< the producer, after a failed abort
  kafka::PositionRecord next_;
  std::string next_text_;
};

}  // namespace sluice::sinks
