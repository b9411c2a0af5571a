#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::flow {

/// A message that may go out together with others.
struct Parcelled {
  std::uint64_t key = 0;   ///< messages with one key keep their order
  std::string_view group;  ///< only those of one group go together
  bool alone = false;      ///< not even with those
};

/// Puts messages together, and says which parcels may be on their way at the same time: those of one round.
/// No two parcels of a round hold messages of one key, and each message is in the same round as those of its
/// key before it, or in a later one.
class RequestBatcher {
 public:
  using Parcel = std::vector<std::size_t>;  ///< places of messages, in their order
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
  std::unordered_map<std::string_view, std::size_t> open_;  ///< by group: the parcel that has room
  std::unordered_map<std::uint64_t, std::size_t> holder_;   ///< by key: the parcel of the round that holds it
};

}  // namespace sluice::flow
