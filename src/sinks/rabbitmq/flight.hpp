#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "flow/keyed_order.hpp"
#include "sinks/rabbitmq/methods.hpp"

namespace sluice::sinks::rabbitmq {

/// How a message of a flight fared.
enum class Fate : std::uint8_t {
  waiting,   ///< not sent
  sent,      ///< not confirmed yet
  stored,    ///< confirmed
  rejected,  ///< the broker could not store it (nack): it is sent again
  returned,  ///< no queue takes it
  refused,   ///< it can never be sent
};

/// The messages of a batch on their way through a channel. Decides which may be sent, and matches the
/// confirmations to them. Of each key only one message is in flight, so a message that the broker rejects, or
/// that is lost with its connection, is never overtaken by a later one of its key. A flight sends no more
/// after the first message that fails.
///
/// No I/O. Not thread-safe.
class Flight {
 public:
  /// `keys` are those of the messages, in their order. At most `window` messages are in flight. `published`:
  /// how many messages the channel has sent before, all of them confirmed.
  Flight(std::span<const std::uint64_t> keys, std::size_t window, std::uint64_t published);

  /// Takes the next message to send. Call sent() or refuse() with it before the next call.
  std::optional<std::size_t> next();
  void sent(std::size_t message);
  void refuse(std::size_t message);
  /// Sends no more.
  void stop() { stopped_ = true; }

  /// Returns false if the broker confirms what was not sent, or what is confirmed already.
  bool confirm(const Confirm& confirm);
  /// The broker returned a message that is in flight. It will confirm it too, which does not mean that a
  /// queue has it.
  void return_to_sender(std::size_t message) { returned_[message] = true; }
  /// The first message in flight, and not returned yet, for which `is_it` holds.
  template <typename Predicate>
  std::optional<std::size_t> find_in_flight(Predicate is_it) const {
    for (std::size_t i = first_open_; i < sent_.size(); ++i) {
      if (fates_[sent_[i]] == Fate::sent && !returned_[sent_[i]] && is_it(sent_[i])) return sent_[i];
    }
    return std::nullopt;
  }

  /// Nothing is in flight, and nothing more will be sent.
  bool landed() const { return in_flight() == 0 && (stopped_ || !order_.ready()); }
  /// Every message is stored.
  bool whole() const { return stored_ == fates_.size(); }
  std::size_t in_flight() const { return sent_.size() - settled_; }
  std::size_t settled() const { return settled_; }
  /// How many messages the channel has sent so far.
  std::uint64_t published() const { return base_ + sent_.size(); }

  std::size_t messages() const { return fates_.size(); }
  Fate fate(std::size_t message) const { return fates_[message]; }
  /// The first message with this fate.
  std::optional<std::size_t> first(Fate fate) const;

 private:
  void settle(std::size_t place, bool ack);

  flow::KeyedOrder order_;
  std::size_t window_;
  std::uint64_t base_;
  std::vector<Fate> fates_;
  std::vector<bool> returned_;
  std::vector<std::size_t> sent_;  ///< the messages in the order of their tags
  std::size_t first_open_ = 0;     ///< all places of sent_ before it are settled
  std::size_t settled_ = 0;
  std::size_t stored_ = 0;
  bool stopped_ = false;
};

}  // namespace sluice::sinks::rabbitmq
