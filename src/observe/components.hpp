#pragma once

#include <string>
#include <vector>

#include "observe/http/http_server.hpp"

namespace sluice::observe {

/// A server that the worker cannot do without.
struct Component {
  std::string name;
  bool up = false;
};

/// What the connectors that `sluice connector` stands in for answer. /healthz: 503 until `started`, from when
/// on every change is published; then always 200, for a restart of ours would mend none of the components.
HttpReply healthz_reply(const std::vector<Component>& components, bool started);

/// /health: the components alone; 503 until `started`, and where one is down.
HttpReply health_reply(const std::vector<Component>& components, bool started);

}  // namespace sluice::observe
