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

/// A logger that writes lines to stderr; stdout is reserved for the two lines that scripts wait for. The
/// logger is passed to the code that uses it (which includes <spdlog/logger.h>); there is no global one.
/// `level` is one of the choices of --log-level.
std::shared_ptr<spdlog::logger> make_logger(std::string_view level, LogFormat format);

/// A sink that writes to stderr. Text has colours if stderr is a terminal and NO_COLOR is not set.
std::shared_ptr<spdlog::sinks::sink> stderr_sink(LogFormat format);

/// A logger that writes to the caller's sink: for tests, and for programs that use the library.
std::shared_ptr<spdlog::logger> make_logger(std::string_view level, LogFormat format,
                                            std::shared_ptr<spdlog::sinks::sink> sink);

}  // namespace sluice::observe
