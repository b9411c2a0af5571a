#pragma once

#include <memory>
#include <vector>

#include "pipeline/commons.hpp"
#include "pipeline/crew.hpp"
#include "pipeline/seat.hpp"

namespace sluice::pipeline {

/// One static shard: each stream of the configuration runs here for as long as the worker does.
class FixedStreams : public Crew {
 public:
  /// Throws what Commons throws.
  FixedStreams(const Surroundings& around, const Strand& strand, CrewEvents events);

  void start() override;
  void stop() override;
  void append_status(observe::WorkerStatus& status) const override;

 private:
  void on_connected();
  void on_ready();
  void on_ended();

  const Config& config_;
  CrewEvents events_;
  std::vector<std::unique_ptr<Commons>> commons_;
  std::vector<std::unique_ptr<Seat>> seats_;
  std::size_t connected_ = 0;
  std::size_t ready_ = 0;
  std::size_t ended_ = 0;
};

}  // namespace sluice::pipeline
