#pragma once

#include <memory>
#include <vector>

#include "pipeline/crew.hpp"
#include "pipeline/team.hpp"

namespace sluice::pipeline {

/// One instance of a cluster: a member of the team of each stream of the configuration. Streams may live on
/// different servers, so each team has its own members there.
class Cluster : public Crew {
 public:
  /// Throws what Team throws.
  Cluster(const Surroundings& around, const Strand& strand, CrewEvents events);

  void start() override;
  void stop() override;
  void append_status(observe::WorkerStatus& status) const override;

 private:
  void on_joined();
  void on_ended();

  CrewEvents events_;
  std::vector<std::unique_ptr<Team>> teams_;
  std::size_t joined_ = 0;
  std::size_t ended_ = 0;
};

}  // namespace sluice::pipeline
