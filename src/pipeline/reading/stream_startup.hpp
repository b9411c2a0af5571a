#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "flow/resume.hpp"
#include "observe/log/log_line.hpp"
#include "pipeline/reading/reader_plan.hpp"
#include "pipeline/stream_resources.hpp"

namespace sluice::pipeline {

/// Starts a stream step by step, and retries each step while its error may pass. The steps: connect, prepare
/// the databases and the outlets, fill the targets, take the lease, and open the change stream after the
/// stored position. If no position is stored, all shards agree on the first one. Runs on the reader's thread;
/// blocks.
class StreamStartup {
 public:
  struct Opened {
    std::unique_ptr<source::EventStream> stream;
    checkpoint::Acquired acquired;
    Position at;  ///< the stream is open after this position
  };

  /// All arguments must outlive it.
  StreamStartup(mongo::ClientPool& pool, checkpoint::CheckpointStore& store, ReaderPlan& plan,
                const ReaderObserver& observer, StreamResources& resources, const observe::StreamLog& log);

  /// Calls `acquired` as soon as the lease is held. Returns nothing on a stop request, and if a step failed
  /// for good; the observer's `failed` was then called.
  std::optional<Opened> run(const std::function<void(std::int64_t epoch)>& acquired,
                            const std::stop_token& stop);

  /// Stores why the stream does not run ("" once it runs), if the plan has a function for it. The same reason
  /// is not stored twice.
  void note_problem(const std::string& why);

 private:
  bool connect(const std::stop_token& stop);
  bool prepare(const std::stop_token& stop);
  bool settle_origin(const std::stop_token& stop);
  bool fill(const std::stop_token& stop);
  bool begin_rebuild(const std::stop_token& stop);
  void wait_for(const checkpoint::Held& held, std::string& last_holder, const std::stop_token& stop);
  checkpoint::AcquireResult take_lease();
  std::optional<checkpoint::Acquired> acquire(const std::stop_token& stop);
  checkpoint::Held conflict(int times) const;
  bool open(Opened& opened, const std::stop_token& stop);
  bool open_at_origin(Opened& opened, const std::stop_token& stop);
  bool look_elsewhere(checkpoint::Acquired& acquired, std::optional<Position>& after,
                      const std::stop_token& stop);
  bool check_filled(checkpoint::Acquired& acquired, const std::stop_token& stop);
  bool begin_windows(checkpoint::Acquired& acquired, const std::stop_token& stop);
  std::string failure(const char* what, const Error& error) const;
  bool retry_until(const char* what, const std::stop_token& stop,
                   const std::function<std::optional<Error>()>& step);

  mongo::ClientPool& pool_;
  checkpoint::CheckpointStore& store_;
  ReaderPlan& plan_;
  const ReaderObserver& observer_;
  StreamResources& resources_;
  const observe::StreamLog& log_;
  flow::ResumePolicy policy_;
  std::optional<std::string> noted_;  ///< the last reason given to note_problem()
};

}  // namespace sluice::pipeline
