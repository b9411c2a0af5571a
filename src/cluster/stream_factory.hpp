#pragma once

#include <functional>
#include <memory>

#include "async/strand.hpp"
#include "cluster/running_stream.hpp"
#include "pipeline/stream.hpp"

namespace sluice::cluster {

/// Makes what runs one stream in this process. `around.config` and `stream` have to outlive it. Throws
/// ConfigError for rules that cannot be used and Stop for a URI that cannot.
using StreamFactory = std::function<std::unique_ptr<RunningStream>(
    const pipeline::WorkerContext& around, const StreamConfig& stream, const Strand& strand,
    pipeline::StreamObserver events)>;

/// The factory of a worker: a static shard of the stream, or this instance's part in its cluster, as
/// `around.config` says.
std::unique_ptr<RunningStream> make_stream(const pipeline::WorkerContext& around, const StreamConfig& stream,
                                           const Strand& strand, pipeline::StreamObserver events);

}  // namespace sluice::cluster
