#pragma once

#include <string>
#include <vector>

#include "observe/http/http_server.hpp"

namespace sluice::observe {

/// A server that the worker needs.
struct Component {
  std::string name;
  bool up = false;
};

/// The reply to /healthz in the format of the connectors that `sluice connector` replaces. 503 until
/// `started`, which means that from now on every change is published. After that always 200, even if a
/// component is down, because restarting the worker would not repair a component.
HttpReply healthz_reply(const std::vector<Component>& components, bool started);

/// The reply to /health: only the components. 503 until `started`, and while a component is down.
HttpReply health_reply(const std::vector<Component>& components, bool started);

}  // namespace sluice::observe
