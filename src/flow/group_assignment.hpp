#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/relay_group.hpp"

namespace sluice::flow {

/// What a consumer group has assigned to a member, by what the group's protocol reports (cooperative: each
/// report adds or revokes some partitions). A member that loses the group keeps its last assignment, since
/// the group's server may be away for a while; the next assignment replaces it as a whole.
class GroupAssignment {
 public:
  void joining() { *this = {}; }

  void assigned(const std::vector<int>& more) {
    if (state_ != State::member) partitions_.clear();
    state_ = State::member;
    problem_.clear();
    partitions_.insert(more.begin(), more.end());
  }

  /// The group assigns these to another member.
  void revoked(const std::vector<int>& fewer) {
    if (state_ != State::member) return;
    for (const int partition : fewer) partitions_.erase(partition);
  }

  /// The group has dropped this member, or cannot be reached for longer than the group waits for a member.
  void lost(std::string why) {
    if (state_ == State::member) state_ = State::lost;
    problem_ = std::move(why);
  }

  /// Something failed. That matters only while this is not a member: later, librdkafka repairs it in time or
  /// reports a loss.
  void failed(std::string why) {
    if (state_ != State::member) problem_ = std::move(why);
  }

  RelayShare share() const {
    RelayShare share;
    if (state_ != State::joining) share.assigned.emplace(partitions_.begin(), partitions_.end());
    share.lost = state_ == State::lost;
    share.problem = problem_;
    return share;
  }

 private:
  enum class State { joining, member, lost };

  State state_ = State::joining;
  std::set<int> partitions_;
  std::string problem_;
};

}  // namespace sluice::flow
