#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "checkpoint/layout_store.hpp"
#include "checkpoint/membership.hpp"
#include "cluster/cluster_entry.hpp"
#include "cluster/partition_runner.hpp"
#include "cluster/running_stream.hpp"
#include "cluster/share_policy.hpp"
#include "flow/share.hpp"
#include "observe/log/repeated_warning.hpp"
#include "observe/status.hpp"
#include "pipeline/stream_resources.hpp"
#include "requirements/requirements.hpp"

namespace sluice::cluster {

/// This instance's part in the cluster of one stream: a member, and the partitions that are its share. A
/// thread of its own keeps the membership and looks at who holds what; what it saw is decided upon on the
/// worker's strand, where everything else happens, too.
class ClusterMember : public RunningStream {
 public:
  struct Parts {
    pipeline::WorkerContext around;
    const StreamConfig& config;
    Strand strand;
  };

  /// It is connected and ready when it has joined: whatever is written from then on is some member's to read.
  /// Throws ConfigError for rules that cannot be used and Stop for a URI that cannot.
  ClusterMember(Parts parts, pipeline::StreamObserver events);
  ~ClusterMember() override;

  void start() override;
  /// Leaves: others may take what this instance gives up, and each partition as soon as it is given.
  void stop() override;
  void append_status(observe::WorkerStatus& status) const override;

 private:
  // On the thread.
  void run(const std::stop_token& stop);
  void on_thrown(int exit_code, const char* what);
  bool join(const std::stop_token& stop);
  bool hindered(flow::Time now);
  std::optional<Error> beat_and_look(checkpoint::ClusterRecord& record);

  // On the strand.
  void on_look(const checkpoint::ClusterRecord& record, const std::optional<Error>& error);
  void on_left();
  void on_seat_ended(int index);
  void on_seat_failed(int exit_code);
  bool must_wait(const checkpoint::ClusterRecord& record);
  std::vector<flow::Seated> seated() const;
  void obey(const flow::ShareOrder& order, const checkpoint::ClusterRecord& record);
  void take(int index, bool restart_now);
  bool may_restart_now(const checkpoint::ClusterRecord& record);
  void end_if_empty();
  void tell_joined();
  void tell();
  PartitionRunner& seat(int index) { return *seats_[static_cast<std::size_t>(index)]; }

  Parts parts_;
  pipeline::StreamObserver events_;
  requirements::Rules rules_;
  const int partitions_;
  std::string condition_;  ///< its name in /readyz
  const observe::StreamLog log_;
  observe::RepeatedWarning joining_;  ///< on the thread
  observe::RepeatedWarning looking_;  ///< on the strand
  const std::shared_ptr<pipeline::StreamResources> shared_commons_;
  pipeline::StreamResources& commons_;
  checkpoint::LayoutStore layout_;
  checkpoint::Membership membership_;
  ClusterEntry entry_;  ///< on the thread
  const SharePolicy policy_;
  observe::ClusterMetrics& metrics_;
  std::vector<std::unique_ptr<PartitionRunner>> seats_;  ///< by partition

  // On the thread only.
  flow::Time beat_at_{};

  std::atomic<bool> empty_ = true;  ///< nothing runs here

  // On the strand only.
  int members_ = 0;
  bool unreachable_ = false;
  bool decided_ = false;
  bool joined_told_ = false;
  bool stopping_ = false;
  bool left_ = false;
  bool ended_ = false;
  std::string waits_for_;

  mutable std::mutex status_mutex_;
  observe::ClusterStatus status_;  ///< behind the mutex

  std::jthread thread_;  ///< last: it ends before anything it uses
};

}  // namespace sluice::cluster
