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

/// Makes a logger that writes lines to stderr. stdout is reserved for the lines that scripts wait for. The
/// logger is passed to its users (which include <spdlog/logger.h>); there is no global one. `level`: one of
/// the option's choices.
std::shared_ptr<spdlog::logger> make_logger(std::string_view level, LogFormat format);

/// Writes to stderr, with colours if that is a terminal.
std::shared_ptr<spdlog::sinks::sink> stderr_sink(LogFormat format);

/// The same for a sink of the caller, for tests and programs that use the library.
std::shared_ptr<spdlog::logger> make_logger(std::string_view level, LogFormat format,
                                            std::shared_ptr<spdlog::sinks::sink> sink);

}  // namespace sluice::observe
