#pragma once

#include <cstddef>

#include <vector>

#include "sinks/mongo/write_commands.hpp"

namespace sluice::sinks {

/// Adds the operations that add `counter.delta` to the counter's document, and create or remove the document
/// as the plan says. `write` is the index of the write, for Ran::failed_write. The plan must outlive `out`.
void add_counter(const CounterWrite& counter, std::size_t write, WriteCommands& out);

/// Whether the batch has nothing but counters.
bool only_counts(const Batch& batch);

/// The counters of batches that only count, in the order of their keys. Those of one document and field are
/// added up, also if they are of different batches.
std::vector<CounterWrite> sum_counters(const std::vector<const Batch*>& batches);

}  // namespace sluice::sinks
