#include "checkpoint/renewal.hpp"

#include <algorithm>
#include <iterator>

#include "config/state_names.hpp"

namespace sluice::checkpoint {

namespace {

mongo::Reply run(mongoc_client_t* client, const std::string& database, std::span<Renewal> renewals,
                 mongo::Doing doing) {
  bson::Builder command;
  command.append("update", state::shards).open_array("updates");
  for (Renewal& renewal : renewals) command.append(command.item(), renewal.update.finish());
  command.close().append("ordered", false);
  command.open("writeConcern").append("w", "majority").close();
  return mongo::run_command(client, database, command.finish(), doing);
}

/// Whether one of several renewals alone may have caused the error. While `doing` is writing, that is any
/// error whose code is not known.
bool of_one(const Error& error) {
  return error.kind == ErrorKind::own_fault || error.kind == ErrorKind::too_slow ||
         error.kind == ErrorKind::too_large;
}

}  // namespace

std::vector<std::optional<Error>> store_renewals(mongoc_client_t* client, const std::string& database,
                                                 std::span<Renewal> renewals) {
  const bool one = renewals.size() == 1;
  const mongo::Reply reply =
      run(client, database, renewals, one ? mongo::Doing::storing : mongo::Doing::writing);
  const bool all = reply.ok() && reply.view().at("n").integer() == static_cast<std::int64_t>(renewals.size());
  if (all || (!reply.ok() && (one || !of_one(*reply.error)))) return {renewals.size(), reply.error};
  if (one) {
    return {Error{ErrorKind::fenced, 0, "another worker has taken over " + renewals.front().shard_id, false}};
  }
  const std::size_t half = renewals.size() / 2;
  auto errors = store_renewals(client, database, renewals.first(half));
  auto others = store_renewals(client, database, renewals.subspan(half));
  std::ranges::move(others, std::back_inserter(errors));
  return errors;
}

}  // namespace sluice::checkpoint
