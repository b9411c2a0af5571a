#pragma once

#include <memory>
#include <string_view>

#include "sluice/config.hpp"

namespace spdlog {
class logger;
namespace sinks {
class sink;
}
}  // namespace spdlog

namespace sluice::observe {

/// A logger that writes lines to stderr; stdout belongs to the two lines that scripts wait for. It is handed
/// to those who log (who include <spdlog/logger.h>); there is no global one. `level` is one of the option's
/// choices.
std::shared_ptr<spdlog::logger> make_logger(std::string_view level, LogFormat format);

/// Writes to stderr; with colours for a person at a terminal.
std::shared_ptr<spdlog::sinks::sink> stderr_sink(LogFormat format);

/// The same into a sink of the caller's: for tests, and for programs that use the library.
std::shared_ptr<spdlog::logger> make_logger(std::string_view level, LogFormat format,
                                            std::shared_ptr<spdlog::sinks::sink> sink);

}  // namespace sluice::observe
