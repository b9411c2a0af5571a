#include "pipeline/cluster.hpp"

namespace sluice::pipeline {

Cluster::Cluster(const Surroundings& around, const Strand& strand, CrewEvents events)
    : events_(std::move(events)) {
  for (const StreamConfig& stream : around.config.streams) {
    teams_.push_back(std::make_unique<Team>(
        Team::Parts{around, stream, strand},
        Team::Events{[this] { on_joined(); }, events_.failed, [this] { on_ended(); }}));
  }
}

void Cluster::start() {
  for (auto& team : teams_) team->start();
}

void Cluster::stop() {
  for (auto& team : teams_) team->stop();
}

void Cluster::append_status(observe::WorkerStatus& status) const {
  for (const auto& team : teams_) team->append_status(status);
}

/// A member is ready when it has joined: what it runs then comes and goes.
void Cluster::on_joined() {
  if (++joined_ != teams_.size()) return;
  events_.say("Connected to MongoDB (member " + teams_.front()->instance() + ")");
  events_.say("__READY__MEMBER__");
}

void Cluster::on_ended() {
  if (++ended_ == teams_.size()) events_.ended();
}

}  // namespace sluice::pipeline
