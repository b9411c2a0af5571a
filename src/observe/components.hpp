#pragma once

#include <string>
#include <vector>

#include "observe/http/http_server.hpp"

namespace sluice::observe {

/// A server without which the worker cannot work.
struct Component {
  std::string name;
  bool up = false;
};

/// Health routes in the form of the connectors that `sluice connector` replaces. /healthz: 503 until
/// `started`, from when on every change is published. Then always 200, because a restart would repair none of
/// the components.
HttpReply healthz_reply(const std::vector<Component>& components, bool started);

/// /health: the components only; 503 until `started`, and while one of them is down.
HttpReply health_reply(const std::vector<Component>& components, bool started);

}  // namespace sluice::observe
