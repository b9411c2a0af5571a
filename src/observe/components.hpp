#pragma once

#include <string>
#include <vector>

#include "observe/http.hpp"

namespace sluice::observe {

/// A server that the worker cannot do without.
struct Component {
  std::string name;
  bool up = false;
};

/// What the connectors that `sluice connector` stands in for answer. /healthz: that the process is up, and
/// how the components are; always 200, for a restart of ours would mend none of them.
HttpReply healthz_reply(const std::vector<Component>& components);

/// /health: the components alone; 503 where one is down.
HttpReply health_reply(const std::vector<Component>& components);

}  // namespace sluice::observe
