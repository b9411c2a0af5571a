#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <variant>

#include "core/publish_plan.hpp"
#include "core/relay_log.hpp"
#include "sinks/jetstream/connection.hpp"
#include "sinks/jetstream/flight.hpp"
#include "sluice/config.hpp"

namespace sluice::sinks::jetstream {

/// The shape of the JetStream stream that a pipeline's stream is relayed by. `stream` is the name of the
/// pipeline's stream; those that were split off, and the triggers', have a JetStream stream of their own.
StreamShape relay_shape(const RelayConfig& config, const StreamConfig& stream);

/// A relay's log in JetStream: the partition i is the subject NAME.i. The sequences are the JetStream
/// stream's own, and places too. A record is appended with Nats-Expected-Last-Sequence, so of two writers
/// only one succeeds, and no record overtakes one that was refused.
class JetStreamRelay : public RelayLog {
 public:
  /// `say` is told when the stream is created, and where it differs from the configuration.
  JetStreamRelay(NatsConfig nats, StreamShape shape, std::function<void(const std::string&)> say);

  const std::string& name() const override { return name_; }
  std::optional<Error> check(bool& there) override;
  std::optional<Error> prepare() override;
  std::optional<Error> look(RelayState& state) override;
  std::optional<Error> span(int partition, RelaySpan& span) override;
  std::optional<Error> get(int partition, std::uint64_t place, std::optional<RelayRecord>& record) override;
  std::optional<Error> last_of(int partition, std::optional<RelayRecord>& record) override;
  std::optional<Error> read(int partition, std::uint64_t from, std::unique_ptr<RelayReader>& reader) override;
  std::optional<Error> write(std::unique_ptr<RelayAppender>& appender) override;

 private:
  using Opened = std::variant<std::shared_ptr<Connection>, Error>;
  Opened connection();
  std::string subject(int partition) const { return shape_.name + "." + std::to_string(partition); }
  std::optional<Error> look(RelayState& state, std::uint64_t& first);
  std::optional<Error> read_record(natsMsg* message, natsStatus status, int code,
                                   std::optional<RelayRecord>& record) const;

  const NatsConfig nats_;
  const StreamShape shape_;
  const std::string name_;
  const std::function<void(const std::string&)> say_;
  std::mutex mutex_;
  std::shared_ptr<Connection> connection_;  ///< behind the mutex
};

}  // namespace sluice::sinks::jetstream
