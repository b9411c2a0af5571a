#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sinks/rabbitmq/outlet.hpp"

namespace sluice::sinks {

/// One attempt of a lane to publish a batch.
class RabbitMq::Attempt {
 public:
  Attempt(RabbitMq& outlet, Lane& lane, const Batch& batch) : outlet_(outlet), lane_(lane), batch_(batch) {}
  Outcome run();

 private:
  /// Where a message of the flight was sent to, to recognise it when it is returned.
  struct Sent {
    std::string_view id;
    std::string_view exchange;
    std::string_view routing_key;
  };

  void land_left();
  bool send_again();
  void note_returned(MessageKey message, const rabbitmq::Return& returned);
  bool report_returned();
  std::optional<Error> ready();
  void fly();
  template <typename SentOf>
  bool drive(rabbitmq::Flight& flight, const SentOf& sent_of, bool sends);
  template <typename SentOf>
  bool take_in(rabbitmq::Flight& flight, const SentOf& sent_of, rabbitmq::Inbox inbox);
  void send_some(rabbitmq::Flight& flight);
  bool render(std::size_t place);
  void leave(rabbitmq::Flight flight);
  void judge(const rabbitmq::Flight& flight);
  void judge_closed(const rabbitmq::Flight& flight);
  Error silence(std::size_t in_flight) const;

  const DeliverWrite& delivery(std::size_t place) const {
    return std::get<DeliverWrite>(batch_.writes[indices_[place]]);
  }
  const RabbitPlan& plan(std::size_t place) const {
    return static_cast<const RabbitPlan&>(*delivery(place).plan);
  }

  RabbitMq& outlet_;
  Lane& lane_;
  const Batch& batch_;
  std::vector<std::size_t> indices_;                 ///< of the batch's writes that are still to be sent
  std::string text_;                                 ///< the rendered body
  std::string frames_;                               ///< rendered, not given to the channel yet
  std::optional<Error> refusal_;                     ///< of the first message that cannot be rendered
  std::optional<Error> unroutable_yet_;              ///< a message was returned, and is sent again
  std::map<std::size_t, rabbitmq::Return> returns_;  ///< of the flight's messages, by their places
  std::vector<std::size_t> done_;                    ///< of the batch's writes
  Outcome outcome_;
};

}  // namespace sluice::sinks
