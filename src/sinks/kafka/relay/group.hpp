#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "core/relay_group.hpp"
#include "flow/group_assignment.hpp"
#include "flow/time.hpp"
#include "sluice/config.hpp"
#include "sluice/error.hpp"

namespace sluice::sinks::kafka {

/// A member of a consumer group on a relay's topic. It subscribes, and fetches nothing: the readers read
/// partitions from the positions in MongoDB. Revoked partitions are given back to the group at once; it is
/// the lease that tells the next member when it may begin. A thread of its own serves the group, so that no
/// other member waits while this process waits for something else.
class KafkaGroup : public RelayGroup {
 public:
  /// `session`: how long the group waits for a member that says nothing.
  KafkaGroup(const Config& config, const StreamConfig& stream, flow::Duration session);
  ~KafkaGroup() override { close(); }
  KafkaGroup(const KafkaGroup&) = delete;
  KafkaGroup& operator=(const KafkaGroup&) = delete;

  const std::string& name() const override { return name_; }
  void join() override;
  void leave() override;
  RelayShare share() const override;
  void close() override;

 private:
  class Session;

  void run(const std::stop_token& stop);
  void serve(const std::stop_token& stop);
  std::optional<int> wanted() const;
  void fail(const Error& error);
  template <typename Change>
  void change(int stay, const Change& what);

  const KafkaConfig kafka_;
  const std::string topic_;
  const std::string name_;
  const flow::Duration session_;
  mutable std::mutex mutex_;
  std::condition_variable_any wish_changed_;
  bool wish_ = false;                 ///< protected by mutex_: to be a member
  int stay_ = 0;                      ///< protected by mutex_: grows whenever this member leaves
  flow::GroupAssignment assignment_;  ///< protected by mutex_
  std::jthread thread_;               ///< last: it ends before anything it uses
};

/// Whether the group can be used, as far as the user may see. Blocks for up to `patience`, twice.
std::optional<Error> look_at_relay_group(const KafkaConfig& config, const std::string& group,
                                         flow::Duration patience);

}  // namespace sluice::sinks::kafka
