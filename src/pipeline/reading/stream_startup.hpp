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

/// Brings a stream up, step by step, and tries each step again while its error may pass: it connects,
/// prepares the databases and the outlets, fills the targets, takes the lease, and opens the change stream
/// behind the stored position, or agrees with the other shards on the first one. On the reader's thread;
/// blocks.
class StreamStartup {
 public:
  struct Opened {
    std::unique_ptr<source::EventStream> stream;
    checkpoint::Acquired acquired;
    Position at;  ///< the stream is open behind it
  };

  /// All that it is given must outlive it.
  StreamStartup(mongo::ClientPool& pool, checkpoint::CheckpointStore& store, ReaderPlan& plan,
                const ReaderObserver& observer, StreamResources& resources, const observe::StreamLog& log);

  /// `acquired` is called as soon as the lease is held. Nothing on stop, and where a step failed for good:
  /// then the observer has been told.
  std::optional<Opened> run(const std::function<void(std::int64_t epoch)>& acquired,
                            const std::stop_token& stop);

  /// Notes why the stream does not run ("" once it does), where the plan wants that. The same again is not
  /// noted.
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
  std::string failure(const char* what, const Error& error, bool may_be_away) const;
  bool retry_until(const char* what, const std::stop_token& stop,
                   const std::function<std::optional<Error>()>& step);

  mongo::ClientPool& pool_;
  checkpoint::CheckpointStore& store_;
  ReaderPlan& plan_;
  const ReaderObserver& observer_;
  StreamResources& resources_;
  const observe::StreamLog& log_;
  flow::ResumePolicy policy_;
  std::optional<std::string> noted_;  ///< of note_problem()
};

}  // namespace sluice::pipeline
