#pragma once

#include "sluice/extensions.hpp"

namespace sluice {

/// The whole `sluice` program, with the extensions' rules, sinks and metrics in each of its commands (`run`,
/// `check`, `try`, `dead`, ...): what main() of a worker of your own calls and returns. Blocks until the
/// command has ended.
///
/// It treats the process as its own: it ignores SIGPIPE, sets limits of glibc's malloc, and `run` handles
/// SIGINT, SIGTERM and SIGHUP. It writes results to standard output, and errors and the log to standard
/// error. Returns the exit code (sluice/error.hpp); throws nothing. A program that runs pipelines beside work
/// of its own uses sluice/pipeline.hpp instead.
int run_program(int argc, char** argv, Extensions extensions = {});

}  // namespace sluice
