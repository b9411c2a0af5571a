#pragma once

#include <cstddef>

#include "sinks/mongo/write_commands.hpp"

namespace sluice::sinks {

/// Appends the operation that adds a counter's delta to its document, and creates or deletes the document if
/// the plan says so. `write`: the index that an error reports. The plan must outlive `out`.
void add_counter(const CounterWrite& counter, std::size_t write, WriteCommands& out);

}  // namespace sluice::sinks
