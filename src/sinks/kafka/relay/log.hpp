#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/relay_log.hpp"
#include "flow/time.hpp"
#include "sinks/kafka/relay/session.hpp"
#include "sinks/kafka/relay/topic.hpp"
#include "sluice/config.hpp"

namespace sluice::sinks::kafka {

/// A relay's log in Kafka: partition i is the topic's partition i. A record's place is its offset plus 1;
/// its sequence is in a header. The writer has a transactional id, so Kafka refuses all that earlier writers
/// send once a new one has begun. Who may read a partition is decided by the leases in MongoDB, as with any
/// relay, and positions are stored there. In a cluster a KafkaGroup says who should try.
class KafkaRelay : public RelayLog {
 public:
  /// `say` is told when the topic is created.
  KafkaRelay(const Config& config, const StreamConfig& stream, std::function<void(const std::string&)> say);

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
  using Opened = std::shared_ptr<RelaySession>;
  class Reader;

  void drop_if_refused(Opened& session) const;
  /// The session that single records are read with; `asking_` lets one thread at a time read a partition.
  std::optional<Error> asking(Opened& session);
  std::optional<Error> look_at_topic(RelaySession& session, TopicFacts& facts) const;
  std::optional<Error> verify(RelaySession& session);
  std::optional<Error> create(RelaySession& session);
  std::optional<Error> empty();
  std::optional<Error> newest_of(const Opened& session, int partition, std::optional<RelayRecord>& record);
  std::optional<Error> scan(const Opened& session, int partition, std::int64_t from, std::int64_t end,
                            std::optional<RelayRecord>& record);
  Error missing() const;
  flow::Duration patience() const;

  const KafkaConfig kafka_;
  const RelayConfig relay_;
  const std::string topic_;
  const std::string transactional_id_;
  const std::string name_;
  const std::function<void(const std::string&)> say_;
  const std::shared_ptr<std::atomic<bool>> made_anew_ = std::make_shared<std::atomic<bool>>(false);
  std::vector<std::mutex> asking_;  ///< by partition: locked while a single record is read
  std::mutex mutex_;
  TopicFacts facts_;          ///< protected by mutex_
  Opened asking_session_;     ///< protected by mutex_
  Opened reading_session_;    ///< protected by mutex_
  std::set<int> being_read_;  ///< partitions that reading_session_ reads; protected by mutex_
};

}  // namespace sluice::sinks::kafka
