#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "checkpoint/checkpoint_store.hpp"
#include "core/relay_log.hpp"
#include "flow/lease.hpp"
#include "flow/read_detail.hpp"
#include "flow/relay_lateness.hpp"
#include "observe/log/log_line.hpp"
#include "observe/log/repeated_warning.hpp"
#include "observe/metrics.hpp"
#include "observe/readiness.hpp"
#include "pipeline/health/reading_lines.hpp"
#include "pipeline/stream.hpp"
#include "pipeline/stream_resources.hpp"
#include "requirements/requirements.hpp"
#include "source/change_stream.hpp"
#include "source/id_hash.hpp"

namespace sluice::pipeline {

/// Reads a stream's change stream once and writes its events to the relay's log. Every instance has one; that
/// which holds the relay's lease writes, the others wait for it. A thread of its own; it never ends by
/// itself.
///
/// The log itself is the writer's position: it begins behind the newest record of the partition that ends
/// first, and leaves out what the others have already. No other writer can append records meanwhile
/// (RelayLog::write). Where a partition of the log is empty, or was written with another filter, it begins
/// where the partition furthest behind stands.
class RelayWriter {
 public:
  struct Parts {
    const Config& config;
    const StreamConfig& stream;
    std::shared_ptr<StreamResources> resources;
    observe::Readiness& readiness;
    observe::Metrics& metrics;
    observe::StreamLog log;
  };

  /// Throws ConfigError for rules that cannot be used.
  explicit RelayWriter(Parts parts);
  ~RelayWriter();
  RelayWriter(const RelayWriter&) = delete;
  RelayWriter& operator=(const RelayWriter&) = delete;

  void start();
  /// Returns at once.
  void request_stop() { thread_.request_stop(); }

 private:
  /// The newest record of a partition, as its place among the events.
  struct Tail {
    std::string token;
    int part = 0;
    int parts = 1;
    std::string id;  ///< of its newest record
    bool heartbeat = false;
  };

  void run(const std::stop_token& stop);
  bool take_lease(const std::stop_token& stop);
  std::optional<Error> write(const std::stop_token& stop);
  std::optional<Error> look_at_log(std::optional<Position>& after);
  std::optional<Error> begin(source::ChangeStream& stream, const std::optional<Position>& after);
  std::optional<Error> find_begin(source::ChangeStream& stream);
  std::optional<Error> copy(source::ChangeStream& stream, const std::stop_token& stop);
  std::optional<Error> next(source::ChangeStream& stream, std::unique_ptr<source::StreamBatch>& batch);
  void reach(Position position);
  void forget_tails();
  bool is_old(int partition, std::string_view token) const;
  std::optional<Error> reopen(source::ChangeStream& stream);
  std::optional<Error> append(const source::StreamBatch& batch, const std::stop_token& stop);
  std::optional<Error> append_event(bson::View event, const std::stop_token& stop);
  std::optional<Error> append_unless_old(int partition, std::string_view token, bson::View event, bool copied,
                                         const std::stop_token& stop);
  int first_missing_part(int partition, std::string_view token, int parts, const std::string& mark) const;
  std::optional<Error> append_to(int partition, std::string_view token, bson::View body, bool copied,
                                 const std::stop_token& stop);
  std::optional<Error> heartbeat(bool gap, const std::stop_token& stop);
  std::optional<Error> land(const std::stop_token& stop);
  std::optional<Error> wait_for_log(const std::stop_token& stop);
  std::optional<Error> renew();
  bool reads_less(const Error& error);
  void failing(Error error);
  void writes(bool now);
  void report_lateness();
  int partitions() const { return parts_.config.relay.partitions; }
  std::chrono::milliseconds patience() const;

  Parts parts_;
  const requirements::Rules rules_;
  const source::StreamFilter filter_;
  const std::string version_;
  const std::string condition_;  ///< in /readyz
  checkpoint::CheckpointStore store_;
  RelayLog& log_;
  observe::RepeatedWarning warning_;
  observe::RelayMetrics& metrics_;
  ReadingLines in_part_;
  flow::RelayLateness lateness_;
  flow::ReadingPolicy reading_;

  std::int64_t epoch_ = 0;
  std::optional<flow::Lease> lease_;
  int conflicts_ = 0;  ///< in a row, with others that ask for the lease
  std::unique_ptr<RelayAppender> appender_;
  source::IdHasher hasher_;
  /// By partition: what is up to here was in the log when this writer began. None once the change stream has
  /// passed it.
  std::vector<std::optional<Tail>> tails_;
  bool overlaps_ = false;                ///< there are tails
  std::uint64_t sequence_ = 0;           ///< the greatest one of a record, with those under way
  std::vector<std::uint64_t> previous_;  ///< by partition: the sequence of its newest record
  std::size_t under_way_ = 0;
  std::size_t bytes_under_way_ = 0;
  flow::Time answered_{};           ///< when the last batch came from MongoDB
  double late_s_ = 0;               ///< how far its end was behind the server's clock
  bool history_lost_ = false;       ///< MongoDB no longer has what follows the log's end
  Position at_;                     ///< the change stream's
  std::optional<Position> landed_;  ///< up to here everything is in the log
  std::string told_;                ///< the token of the last heartbeat
  flow::Time heartbeat_at_{};

  observe::ScrapeHook on_scrape_;
  std::jthread thread_;  ///< last: it ends before anything it uses
};

/// Null where the configuration has no relay.
std::unique_ptr<RelayWriter> make_relay_writer(const WorkerContext& context, const StreamConfig& stream,
                                               std::shared_ptr<StreamResources> resources);

}  // namespace sluice::pipeline
