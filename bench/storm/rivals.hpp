#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "drain.hpp"
#include "workload.hpp"

namespace storm {

/// The rate of one client that writes the same effects in perfect batches: the write ceiling.
struct Ceiling {
  std::string label;
  Commit commit = Commit::plain;
  double seconds = 0;
  double events_per_second = 0;
  double documents_per_second = 0;
};

/// Measures every way of writing a storm's effects: plain bulks and transactions, and for copies also by
/// author and by document. Each way has its own round of the workload, from `round` on, so that every write
/// changes something.
std::vector<Ceiling> ceilings(const Client& client, const std::string& database, Workload& workload,
                              std::size_t batch, std::uint32_t round);

/// Stores a stream's resume token in a collection: with majority, or in the transaction of `session`, which
/// is an option of the update.
void store_token(const Collection& positions, const bson_t* token, const bson_t* session = nullptr);

/// The simplest worker: for each event, writes its effect with majority and stores the token. Reads at most
/// `events` events of `source` from `from` on; its writes go to `target`.
struct OneAtATime {
  std::int64_t events = 0;
  double seconds = 0;
  double events_per_second() const { return static_cast<double>(events) / seconds; }
};
OneAtATime one_at_a_time(const Client& client, const std::string& source, const std::string& target,
                         const Workload& workload, const StreamShape& shape, Moment from,
                         std::int64_t events);

}  // namespace storm
