#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/publish_plan.hpp"
#include "flow/flight_size.hpp"
#include "flow/in_flight_window.hpp"
#include "sinks/delivered.hpp"
#include "sinks/jetstream/flight.hpp"
#include "sinks/outlet.hpp"

namespace sluice::sinks {

/// Publishes to NATS JetStream. Publishes a batch's messages without waiting between them, then waits for all
/// their acknowledgements. Messages that the server did not acknowledge are sent again, under the same id.
class JetStream final : public Outlet {
 public:
  explicit JetStream(const OutletParts& parts);

  using Outlet::takes;
  bool takes(const DeliveryPlan& plan) const override { return plan.sink() == PublishPlan::sink_name; }
  std::string server_of(const DeliveryPlan&) const override { return config_.shown_url(); }
  std::optional<Error> prepare() override;
  Outcome send(const Batch& batch) override;
  void abandon() override { stop_.request_stop(); }
  /// The need of the largest message, since messages are rendered and sent one at a time.
  std::size_t bytes_while_sending(const Batch& batch) const override;

 private:
  using Idle = std::vector<std::unique_ptr<sinks::jetstream::Flights>>;
  /// Order of the messages in a flight: any, or the server accepts each only directly after the one before
  /// it.
  enum class Order : std::uint8_t { any, chained };

  std::string where() const { return "NATS at " + config_.shown_url(); }
  std::variant<std::shared_ptr<sinks::jetstream::Connection>, Error> connection();
  std::variant<std::unique_ptr<sinks::jetstream::Flights>, Error> take_flights();
  void give_back(std::unique_ptr<sinks::jetstream::Flights> flights);
  Delivered& delivered_by(const std::string& lane);
  Outcome send_by(sinks::jetstream::Flights& flights, const Batch& batch, Delivered& delivered);
  std::optional<Error> send_wave(sinks::jetstream::Flights& flights, const Batch& batch,
                                 std::span<const std::size_t> wave, std::vector<std::size_t>& stored,
                                 std::size_t& failed);
  std::optional<Error> send_flight(sinks::jetstream::Flights& flights, const Batch& batch,
                                   std::span<const std::size_t> indices, Order order,
                                   std::vector<std::size_t>& stored, std::size_t& failed);
  std::optional<Error> send_in_order(sinks::jetstream::Flights& flights, const Batch& batch,
                                     std::span<const std::size_t> indices, std::vector<std::size_t>& stored,
                                     std::size_t& failed);
  std::optional<Error> send_by_document(sinks::jetstream::Flights& flights, const Batch& batch,
                                        std::span<const std::size_t> indices,
                                        std::vector<std::size_t>& stored, std::size_t& failed);
  std::size_t flight_size(const std::string& stream);
  void learn_flight_size(const std::string& stream, bool came_through, std::size_t stored);
  std::optional<Error> ensure_streams(const sinks::jetstream::Connection& connection);
  void on_failure(const Error& error);

  const NatsConfig config_;
  const std::function<void(bool, const std::string&)> say_;
  const std::function<void(std::size_t)> duplicates_;
  std::vector<StreamShape> shapes_;
  std::stop_source stop_;
  std::mutex mutex_;  ///< locked a few times for each batch
  std::shared_ptr<sinks::jetstream::Connection> connection_;
  bool streams_checked_ = false;
  Idle idle_;
  std::map<std::string, Delivered> delivered_;  ///< by lane
  /// By JetStream stream, for streams whose messages are published in order.
  std::map<std::string, flow::FlightSize> flight_sizes_;
};

}  // namespace sluice::sinks
