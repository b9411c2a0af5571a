#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::flow {

/// A message that may be sent together with others in one request.
struct Parcelled {
  std::uint64_t key = 0;   ///< messages with one key keep their order
  std::string_view group;  ///< only messages of the same group are sent together
  bool alone = false;      ///< must be sent in a request of its own
};

/// Combines messages into parcels (one request each), and parcels into rounds. All parcels of a round may be
/// in flight at the same time. No two parcels of a round have messages of the same key, and no message is in
/// an earlier round than a message of its key that stands before it.
class RequestBatcher {
 public:
  using Parcel = std::vector<std::size_t>;  ///< indices of messages, ascending
  using Round = std::vector<Parcel>;

  static std::vector<Round> arrange(std::span<const Parcelled> messages, std::size_t most) {
    RequestBatcher parcels(most);
    for (std::size_t i = 0; i < messages.size(); ++i) parcels.add(messages[i], i);
    parcels.end_round();
    return std::move(parcels.rounds_);
  }

 private:
  explicit RequestBatcher(std::size_t most) : most_(most) {}

  void add(const Parcelled& message, std::size_t place) {
    const auto held = holder_.find(message.key);
    const std::size_t* open = message.alone ? nullptr : find_open(message.group);
    if (held != holder_.end() && (open == nullptr || *open != held->second)) {
      end_round();
      open = nullptr;
    }
    std::size_t parcel = 0;
    if (open != nullptr) {
      parcel = *open;
    } else {
      parcel = round_.size();
      round_.emplace_back();
      if (!message.alone) open_[message.group] = parcel;
    }
    round_[parcel].push_back(place);
    holder_[message.key] = parcel;
    if (round_[parcel].size() >= most_) open_.erase(message.group);
  }

  const std::size_t* find_open(std::string_view group) const {
    const auto found = open_.find(group);
    return found == open_.end() ? nullptr : &found->second;
  }

  void end_round() {
    if (!round_.empty()) rounds_.push_back(std::move(round_));
    round_.clear();
    open_.clear();
    holder_.clear();
  }

  std::size_t most_;
  std::vector<Round> rounds_;
  Round round_;
  /// By group: the index of the parcel in `round_` that has room.
  std::unordered_map<std::string_view, std::size_t> open_;
  /// By key: the index of the parcel in `round_` that has its messages.
  std::unordered_map<std::uint64_t, std::size_t> holder_;
};

}  // namespace sluice::flow
