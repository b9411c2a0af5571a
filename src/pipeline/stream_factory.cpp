#include "pipeline/stream_factory.hpp"

#include <utility>

#include "pipeline/fixed_stream.hpp"
#include "pipeline/team.hpp"

namespace sluice::pipeline {

std::unique_ptr<RunningStream> make_stream(const Surroundings& around, const StreamConfig& stream,
                                           const Strand& strand, RunEvents events) {
  if (around.config.clustered()) {
    return std::make_unique<Team>(Team::Parts{around, stream, strand}, std::move(events));
  }
  return std::make_unique<FixedStream>(around, stream, strand, std::move(events));
}

}  // namespace sluice::pipeline
