#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "sinks/outlet.hpp"

namespace sluice::sinks {

/// Sends messages to the outlets first, and then writes to MongoDB. So a position or a counter moves only
/// when the outlets have taken all messages before it.
class Outward final : public BatchSink {
 public:
  Outward(std::vector<std::unique_ptr<Outlet>> outlets, std::unique_ptr<BatchSink> inner)
      : outlets_(std::move(outlets)), inner_(std::move(inner)) {}

  const std::vector<std::unique_ptr<Outlet>>& outlets() const { return outlets_; }

  Outcome commit(const Batch& batch) override;
  /// The outlets send one after the other.
  std::size_t bytes_while_sending(const Batch& batch) const override {
    std::size_t most = inner_->bytes_while_sending(batch);
    for (const auto& outlet : outlets_) most = std::max(most, outlet->bytes_while_sending(batch));
    return most;
  }

  /// Ends all waiting for outlets; see Outlet::abandon(). Thread-safe; does not block.
  void abandon() {
    for (const auto& outlet : outlets_) outlet->abandon();
  }

 private:
  bool all_left(const Batch& batch) const;

  std::vector<std::unique_ptr<Outlet>> outlets_;
  std::unique_ptr<BatchSink> inner_;
};

}  // namespace sluice::sinks
