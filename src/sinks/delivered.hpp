#pragma once

#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "sinks/outlet.hpp"

namespace sluice::sinks {

/// Identifies a message. The id alone is not enough: two plans may give their messages the same ids.
struct MessageKey {
  using View = std::pair<const DeliveryPlan*, std::string_view>;

  explicit MessageKey(const DeliverWrite& write) : plan(write.plan), id(write.message->id) {}
  static View view(const DeliverWrite& write) { return {write.plan, write.message->id}; }

  const DeliveryPlan* plan;
  std::string id;

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const View& key) const {
      return std::hash<std::string_view>()(key.second) ^ std::hash<const void*>()(key.first);
    }
    std::size_t operator()(const MessageKey& key) const { return (*this)(View(key.plan, key.id)); }
  };
  struct Equal {
    using is_transparent = void;
    static View of(const View& key) { return key; }
    static View of(const MessageKey& key) { return {key.plan, key.id}; }
    template <typename One, typename Other>
    bool operator()(const One& one, const Other& other) const {
      return of(one) == of(other);
    }
  };
};

/// Remembers which messages of a lane's unfinished batch the receiver has acknowledged, so that a retry does
/// not send them again. A batch is unfinished if sending failed, or if its transaction in MongoDB is still to
/// come and may make the lane retry the batch.
class Delivered {
 public:
  bool has(const DeliverWrite& write) const {
    return !known_.empty() && known_.contains(MessageKey::view(write));
  }

  /// The indices in the batch of the messages that `outlet` still has to send. Call once before each attempt.
  std::vector<std::size_t> missing_of(const Batch& batch, const Outlet& outlet);

  /// Records the result of an attempt: the receiver acknowledged the writes at the indices `sent`.
  /// `committed`: it has all of the batch's messages for `outlet`.
  void remember(const Batch& batch, const Outlet& outlet, const std::vector<std::size_t>& sent,
                bool committed);

  /// The receiver acknowledged this message of the batch, as an earlier attempt now learns.
  void know(MessageKey key) { known_.insert(std::move(key)); }

 private:
  void forget_what_went_on(const Batch& batch, const Outlet& outlet);
  void forget(const MessageKey::View& key);

  std::unordered_set<MessageKey, MessageKey::Hash, MessageKey::Equal> known_;
  /// Messages of the last batch that was passed on to MongoDB. A lane's batch begins with its oldest event,
  /// so a batch that begins with a different message shows that this one is done.
  std::deque<MessageKey> went_on_;
};

}  // namespace sluice::sinks
