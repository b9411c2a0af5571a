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
#include "cluster/group_membership.hpp"
#include "cluster/partition_runner.hpp"
#include "cluster/running_stream.hpp"
#include "cluster/share_policy.hpp"
#include "flow/share.hpp"
#include "observe/log/repeated_warning.hpp"
#include "observe/status.hpp"
#include "pipeline/relay/relay_writer.hpp"
#include "pipeline/stream_resources.hpp"
#include "requirements/requirements.hpp"

namespace sluice::cluster {

/// This instance as a member of one stream's cluster, with the partitions that it runs. Its own thread renews
/// the membership and reads which member holds which partition. Decisions, and everything else, happen on the
/// worker's strand.
class ClusterMember : public RunningStream {
 public:
  struct Parts {
    pipeline::WorkerContext context;
    const StreamConfig& config;
    Strand strand;
  };

  /// Reports `connected` and `ready` when it has joined: from then on some member reads every change, so none
  /// is missed. Throws ConfigError for unusable rules and Stop for an unusable URI.
  ClusterMember(Parts parts, pipeline::StreamObserver events);
  ~ClusterMember() override;

  void start() override;
  /// Leaves the cluster. Others may take each partition as soon as it has stopped here.
  void stop() override;
  void append_status(observe::WorkerStatus& status) const override;

 private:
  // Called on the member's thread.
  void run(const std::stop_token& stop);
  void on_thrown(int exit_code, const char* what);
  bool join(const std::stop_token& stop);
  bool hindered(flow::Time now);
  std::optional<Error> beat_and_look(checkpoint::ClusterRecord& record);

  // Called on the strand.
  void on_look(const checkpoint::ClusterRecord& record, const std::optional<Error>& error);
  void on_left();
  void on_seat_ended(int index);
  void on_seat_failed(int exit_code);
  void decide(const checkpoint::ClusterRecord& record);
  bool must_wait(const checkpoint::ClusterRecord& record);
  std::vector<flow::Seated> seated() const;
  void obey(const flow::ShareOrder& order, const checkpoint::ClusterRecord& record);
  void take(int index, bool restart_now);
  bool may_restart_now(const checkpoint::ClusterRecord& record);
  void end_if_empty();
  void tell_joined();
  void tell();
  std::optional<observe::FeedStatus> feed_status(int held) const;
  const std::string& waits() const;
  PartitionRunner& seat(int index) { return *seats_[static_cast<std::size_t>(index)]; }

  Parts parts_;
  pipeline::StreamObserver events_;
  requirements::Rules rules_;
  const int partitions_;
  std::string condition_;  ///< its name in /readyz
  const observe::StreamLog log_;
  observe::RepeatedWarning joining_;  ///< used on the thread
  observe::RepeatedWarning looking_;  ///< used on the strand
  const std::shared_ptr<pipeline::StreamResources> shared_resources_;
  pipeline::StreamResources& resources_;
  checkpoint::LayoutStore layout_;
  checkpoint::Membership membership_;
  ClusterEntry entry_;  ///< used on the thread
  const SharePolicy policy_;
  observe::ClusterMetrics& metrics_;
  std::vector<std::unique_ptr<PartitionRunner>> seats_;  ///< by partition

  // Used on the thread only.
  flow::Time beat_at_{};

  std::atomic<bool> empty_ = true;  ///< no partition runs here

  // Used on the strand only.
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

  std::unique_ptr<pipeline::RelayWriter> relay_;  ///< null: there is no relay
  std::unique_ptr<GroupMembership> group_;        ///< null: this member and the others divide partitions

  std::jthread thread_;  ///< last: it ends before anything it uses
};

}  // namespace sluice::cluster
