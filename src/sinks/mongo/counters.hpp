#pragma once

#include <cstddef>

#include "sinks/mongo/write_commands.hpp"

namespace sluice::sinks {

/// Adds the operations that add `counter.delta` to the counter's document, and create or remove the document
/// as the plan says. `write` is the index of the write, for Ran::failed_write. The plan must outlive `out`.
void add_counter(const CounterWrite& counter, std::size_t write, WriteCommands& out);

}  // namespace sluice::sinks
