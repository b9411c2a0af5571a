#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "drain.hpp"
#include "workload.hpp"

namespace storm {

/// The same effects, given to mongod by one client in perfect batches.
struct Ceiling {
  std::string label;
  Commit commit = Commit::plain;
  double seconds = 0;
  double events_per_second = 0;
  double documents_per_second = 0;
};

/// Time every way of writing a storm's effects: plain bulks and transactions, and for copies by author and by
/// document. The workload is planned anew for each (so that nothing written is as it was), from `round` on.
std::vector<Ceiling> ceilings(const Client& client, const std::string& database, Workload& workload,
                              std::size_t batch, std::uint32_t round);

/// Keep a stream's place in a collection, with majority.
void store_token(const Collection& positions, const bson_t* token);

/// A worker as one writes it in an afternoon: next event, write it with majority, store the token, and again.
/// Reads at most `events` events of `source` from `from` on; its writes go to `target`.
struct OneAtATime {
  std::int64_t events = 0;
  double seconds = 0;
  double events_per_second() const { return static_cast<double>(events) / seconds; }
};
OneAtATime one_at_a_time(const Client& client, const std::string& source, const std::string& target,
                         const Workload& workload, const StreamShape& shape, Moment from,
                         std::int64_t events);

}  // namespace storm
