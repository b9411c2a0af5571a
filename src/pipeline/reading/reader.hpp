#pragma once

#include <atomic>
#include <memory>
#include <stop_token>
#include <thread>

#include "flow/budget.hpp"
#include "flow/read_detail.hpp"
#include "flow/resume.hpp"
#include "observe/log/log_line.hpp"
#include "observe/log/repeated_warning.hpp"
#include "pipeline/reading/reader_plan.hpp"
#include "pipeline/reading/stream_startup.hpp"

namespace sluice::pipeline {

/// The thread of a stream that reads its cursor; it blocks. StreamStartup first opens the stream on this
/// thread. Then the thread reads batch after batch, waits while the budget is spent, and reopens the stream
/// after errors that may pass.
class Reader {
 public:
  Reader(mongo::ClientPool& pool, checkpoint::CheckpointStore& store, flow::Budget& budget, ReaderPlan plan,
         ReaderObserver observer, StreamResources& resources, const observe::StreamLog& log);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  void start();

  /// Thread-safe; returns at once. The thread ends as soon as its present call to the server has returned.
  void request_stop();

  /// True when the thread has done its last work, so that joining it takes no time.
  bool ended() const { return ended_.load(); }

  /// The epoch of the shard's lease; 0 before the lease is taken. Thread-safe.
  std::int64_t epoch() const { return epoch_.load(); }

 private:
  void run(const std::stop_token& stop);
  void on_thrown(int exit_code, const char* what);
  void read(source::EventStream& stream, Position at, const std::stop_token& stop);
  source::ReadLimit limit() const;
  void post(std::unique_ptr<source::StreamBatch> batch);
  void pump_snapshots(source::EventStream& stream, const Position& at, const std::stop_token& stop);
  std::optional<Error> mark_own(source::EventStream& stream, source::StreamBatch& batch);
  void provide_again();
  bool reads_less(const Error& error);
  bool open_again(source::EventStream& stream, Position& at, const Error& error, const std::stop_token& stop);
  bool change_reading(source::EventStream& stream, Position& at, const std::stop_token& stop);
  bool move(source::EventStream& stream, Position& at, const std::stop_token& stop);
  bool reopen(source::EventStream& stream, Position& at, Error error, const std::stop_token& stop);

  mongo::ClientPool& pool_;
  flow::Budget& budget_;
  ReaderPlan plan_;
  const ReaderObserver observer_;
  StreamResources& resources_;
  const observe::StreamLog log_;
  StreamStartup startup_;
  flow::ResumePolicy policy_;
  flow::ReadingPolicy reading_;
  std::size_t bytes_of_an_event_ = 4096;  ///< as of the last batch
  observe::RepeatedWarning snapshot_unread_;
  std::atomic<bool> ended_{true};
  std::atomic<std::int64_t> epoch_{0};
  std::jthread thread_;
};

}  // namespace sluice::pipeline
