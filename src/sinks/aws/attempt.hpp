#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sinks/aws/flight.hpp"
#include "sinks/aws/outlet.hpp"

namespace sluice::sinks {

/// One attempt of a lane to publish a batch. Requests are sent in waves: those of a wave are in flight at the
/// same time, and the next wave follows when all of them are answered.
class Aws::Attempt {
 public:
  /// A wave gets no more requests once its messages have this many bytes. The last request may exceed them.
  static constexpr std::size_t most_wave = std::size_t{1} << 20;
  /// How often a wave's bytes may be in memory: escaped or percent-encoded in a request (up to three bytes
  /// for one), and again as they are sent.
  static constexpr std::size_t copies_of_a_wave = 6;

  Attempt(Aws& outlet, Lane& lane, const Batch& batch);

  /// Returns after a few seconds even if some messages are left: the lane sends the batch again, with the
  /// rest.
  Outcome run();

 private:
  /// A message that is to be sent.
  struct Item {
    std::size_t write = 0;   ///< its index in the batch
    std::size_t target = 0;  ///< index in targets_
    std::size_t body = 0;    ///< offset in the lane's bodies
    std::size_t body_size = 0;
    std::string group;  ///< with EventBridge: the source
    std::string id;
  };
  struct Target {
    std::string stated;    ///< as the message names it
    std::string address;   ///< what requests are sent to; "" if it cannot be used in this attempt
    bool unknown = false;  ///< the address has to be asked for
  };

  void send_all(AwsPlan::Service service, const std::vector<std::size_t>& writes);
  void send_items(const std::vector<std::size_t>& writes);
  void ask_for_targets();
  void add_item(std::size_t write);
  bool render(std::size_t write, Item& item);
  std::size_t target_of(std::string_view stated);
  void look_up(Target& target);
  aws::Entry entry_of(const Item& item) const;
  void fly();
  bool send_wave(aws::Flight& flight, const std::vector<aws::Flight::Places>& wave);
  void settle(aws::Flight& flight, const aws::Flight::Places& request, const http::Answer& answer);
  void settle_failed(aws::Flight& flight, const aws::Flight::Places& request, const aws::Failure& failure);
  void done(const Item& item);
  void refuse(const Item& item, Error error);
  void take_apart(const aws::Flight::Places& request, Error error);
  void report(Error error);
  void wait(flow::Duration time);
  void say_unsent(const http::Unsent& unsent);

  const DeliverWrite& delivery(std::size_t write) const {
    return std::get<DeliverWrite>(batch_.writes[write]);
  }

  Aws& outlet_;
  Lane& lane_;
  const Batch& batch_;
  const flow::Time deadline_;
  aws::Client* client_ = nullptr;  ///< of the service that is being sent to
  std::vector<Target> targets_;    ///< of this service
  std::vector<Item> items_;        ///< for this service
  std::vector<aws::Outgoing> outgoing_;
  std::string text_;  ///< a rendered body
  std::vector<std::size_t> done_;
  Outcome outcome_;
};

}  // namespace sluice::sinks
