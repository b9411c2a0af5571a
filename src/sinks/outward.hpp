#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "sinks/outlet.hpp"

namespace sluice::sinks {

/// First everything that leaves MongoDB, then what is written to it: a position is stored, and a counter
/// moved, only when the outlets have taken all that comes before.
class Outward final : public BatchSink {
 public:
  Outward(std::vector<std::unique_ptr<Outlet>> outlets, std::unique_ptr<BatchSink> inner)
      : outlets_(std::move(outlets)), inner_(std::move(inner)) {}

  const std::vector<std::unique_ptr<Outlet>>& outlets() const { return outlets_; }

  Outcome commit(const Batch& batch) override;
  /// They work one after the other.
  std::size_t bytes_while_sending(const Batch& batch) const override {
    std::size_t most = inner_->bytes_while_sending(batch);
    for (const auto& outlet : outlets_) most = std::max(most, outlet->bytes_while_sending(batch));
    return most;
  }

  /// No batch waits for an outlet any more; see Outlet::abandon(). Thread-safe, does not block.
  void abandon() {
    for (const auto& outlet : outlets_) outlet->abandon();
  }

 private:
  bool all_left(const Batch& batch) const;

  std::vector<std::unique_ptr<Outlet>> outlets_;
  std::unique_ptr<BatchSink> inner_;
};

}  // namespace sluice::sinks
