#pragma once

#include <functional>
#include <memory>

#include "async/strand.hpp"
#include "cluster/running_stream.hpp"
#include "pipeline/stream.hpp"

namespace sluice::cluster {

/// Makes the object that runs one stream in this process. `context.config` and `stream` must outlive it.
/// Throws ConfigError for unusable rules and Stop for an unusable URI.
using StreamFactory = std::function<std::unique_ptr<RunningStream>(
    const pipeline::WorkerContext& context, const StreamConfig& stream, const Strand& strand,
    pipeline::StreamObserver events)>;

/// The worker's factory: makes a ClusterMember if `context.config` is clustered, else a StaticShard.
std::unique_ptr<RunningStream> make_stream(const pipeline::WorkerContext& context, const StreamConfig& stream,
                                           const Strand& strand, pipeline::StreamObserver events);

}  // namespace sluice::cluster
