#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "sinks/outlet.hpp"

namespace sluice::sinks {

/// Sends a batch's messages through the outlets first, then commits the rest of the batch in MongoDB. So a
/// position is stored, and a counter changed, only when the batch's messages are acknowledged.
class Outward final : public BatchSink {
 public:
  Outward(std::vector<std::unique_ptr<Outlet>> outlets, std::unique_ptr<BatchSink> inner)
      : outlets_(std::move(outlets)), inner_(std::move(inner)) {}

  const std::vector<std::unique_ptr<Outlet>>& outlets() const { return outlets_; }

  Outcome commit(const Batch& batch) override;
  /// The largest need of one sink, since they work one after the other.
  std::size_t bytes_while_sending(const Batch& batch) const override {
    std::size_t most = inner_->bytes_while_sending(batch);
    for (const auto& outlet : outlets_) most = std::max(most, outlet->bytes_while_sending(batch));
    return most;
  }

  /// Not where outlets could have messages to send first.
  bool commits_together(const Batch& batch) const override {
    return outlets_.empty() && inner_->commits_together(batch);
  }
  std::optional<Outcome> commit_together(const std::vector<const Batch*>& batches) override {
    return inner_->commit_together(batches);
  }

  /// Abandons all outlets, so that no batch waits for them; see Outlet::abandon(). Thread-safe, does not
  /// block.
  void abandon() {
    for (const auto& outlet : outlets_) outlet->abandon();
  }

 private:
  bool all_left(const Batch& batch) const;

  std::vector<std::unique_ptr<Outlet>> outlets_;
  std::unique_ptr<BatchSink> inner_;
};

}  // namespace sluice::sinks
