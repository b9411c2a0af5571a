#pragma once

#include <cstddef>

#include "sinks/mongo/write_commands.hpp"

namespace sluice::sinks {

/// Adds a counter's sum to what stands in its document, made or dropped as the counter's plan says. `write`
/// is the index that an error names. The plan must outlive `out`.
void add_counter(const CounterWrite& counter, std::size_t write, WriteCommands& out);

}  // namespace sluice::sinks
