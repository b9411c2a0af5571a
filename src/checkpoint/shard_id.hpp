#pragma once

#include <optional>
#include <string>

#include "checkpoint/split_positions.hpp"

namespace sluice::checkpoint {

/// The name under which a relay's writer keeps its lease and its position.
inline std::string relay_stream_name(const std::string& stream) {
  return stream + ":relay";
}

/// Identifies a shard of a stream of a pipeline, with the options that its stored position depends on.
struct ShardId {
  std::string pipeline;
  std::string stream;
  int count = 1;
  int index = 0;
  int lanes = 1;
  std::string options_hash;
  std::string filter_hash = {};
  std::optional<SplitPositions> split = {};

  std::string stream_id() const { return pipeline + "/" + stream; }
  std::string shard_id() const { return shard_id_of(count, index); }
  std::string shard_id_of(int of, int at) const {
    return stream_id() + "/" + std::to_string(at) + "-of-" + std::to_string(of);
  }
  std::string lane_id(int lane) const {
    return shard_id() + "/lane-" + std::to_string(lane) + "-of-" + std::to_string(lanes);
  }
};

}  // namespace sluice::checkpoint
