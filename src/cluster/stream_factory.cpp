#include "cluster/stream_factory.hpp"

#include <utility>

#include "cluster/cluster_member.hpp"
#include "cluster/static_shard.hpp"

namespace sluice::cluster {

std::unique_ptr<RunningStream> make_stream(const pipeline::WorkerContext& context, const StreamConfig& stream,
                                           const Strand& strand, pipeline::StreamObserver events) {
  if (context.config.clustered()) {
    return std::make_unique<ClusterMember>(ClusterMember::Parts{context, stream, strand}, std::move(events));
  }
  return std::make_unique<StaticShard>(context, stream, strand, std::move(events));
}

}  // namespace sluice::cluster
