#include "config/options/options.hpp"

#include <algorithm>
#include <cassert>
#include <vector>

#include "config/options/groups/groups.hpp"

namespace sluice::config {

std::span<const Option> options() {
  static const std::vector<Option> all = [] {
    std::vector<Option> joined;
    for (const auto group :
         {mongodb_options(), sharding_options(), lane_options(), batch_options(), reading_options(),
          time_limit_options(), nats_login_options(), nats_key_options(), nats_tls_options(),
          nats_publish_options(), relay_options(), kafka_login_options(), kafka_connection_options(),
          rabbitmq_options(), aws_options(), redis_options(), monitoring_options(), position_options()}) {
      joined.insert(joined.end(), group.begin(), group.end());
    }
    return joined;
  }();
  return all;
}

const Option& option(std::string_view name) {
  const auto found = std::ranges::find(options(), name, &Option::name);
  assert(found != options().end());
  return *found;
}

}  // namespace sluice::config
