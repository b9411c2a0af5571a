#include "core/relay_group.hpp"

#include "core/relay_log.hpp"

namespace sluice {

std::string relay_group_name(const RelayConfig& relay, const StreamConfig& stream) {
  return relay_log_name(relay.group.empty() ? relay.topic : relay.group, stream);
}

}  // namespace sluice
