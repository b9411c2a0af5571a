#pragma once

#include <memory>
#include <string>

#include "sluice/pipeline.hpp"

namespace spdlog {
class logger;
}

namespace sluice {

/// A logger that passes its lines to the program's function. Without a function it is off.
std::shared_ptr<spdlog::logger> callback_log(const std::string& level,
                                             std::function<void(LogLevel, std::string_view)> log);

}  // namespace sluice
