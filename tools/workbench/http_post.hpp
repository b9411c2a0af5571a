#pragma once

#include <string>

#include "workbench/net.hpp"

namespace workbench {

/// Sends a POST request to this port of 127.0.0.1. Waits up to 5 s for a reply. `headers`: complete lines,
/// each ending with CR LF.
HttpReply http_post(int port, const std::string& path, const std::string& headers, const std::string& body);

}  // namespace workbench
