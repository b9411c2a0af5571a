#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "sinks/outlet.hpp"

namespace sluice::sinks {

/// Tells one message from all others: two plans may give their messages the same ids.
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

/// Which of a lane's messages the receiver has, while their batch is not done: it failed, or goes on to
/// MongoDB, which may have it come again. These are not sent again.
class Delivered {
 public:
  bool has(const DeliverWrite& write) const {
    return !known_.empty() && known_.contains(MessageKey::view(write));
  }

  /// The places in the batch of what `outlet` has still to send. Once for each attempt, before it.
  std::vector<std::size_t> missing_of(const Batch& batch, const Outlet& outlet);

  /// The receiver has what stands at `sent` in the batch; `committed` where it has all.
  void remember(const Batch& batch, const Outlet& outlet, const std::vector<std::size_t>& sent,
                bool committed);

 private:
  void forget_what_went_on(const Batch& batch, const Outlet& outlet);
  void forget(const MessageKey::View& key);

  std::unordered_set<MessageKey, MessageKey::Hash, MessageKey::Equal> known_;
  /// Of the batch that went on to MongoDB last. A lane's batches begin with its oldest event: when one begins
  /// with another message, that batch is done.
  std::vector<MessageKey> went_on_;
};

}  // namespace sluice::sinks
