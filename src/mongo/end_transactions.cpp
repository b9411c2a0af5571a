#include "mongo/end_transactions.hpp"

#include "sluice/bson_builder.hpp"

namespace sluice::mongo {

void end_transactions(mongoc_client_t* client, const std::function<bool(const OpenTransaction&)>& condemned) {
  bson::Builder list;
  list.append("aggregate", 1).open_array("pipeline");
  list.open(list.item()).open("$currentOp").append("idleSessions", true).close().close();
  list.open(list.item()).open("$match");
  list.open("transaction").append("$exists", true).close().close().close();
  list.close().open("cursor").close();
  const Reply found = run_command(client, "admin", list.finish(), Doing::reading);
  if (!found.ok()) return;
  bson::Builder kill;
  kill.open_array("killSessions");
  bool any = false;
  const bson::View operations = found.view().at_path("cursor.firstBatch").document();
  for (const auto& [index, operation] : operations) {
    const bson::View one = operation.document();
    const bson::Value id = one.at_path("lsid.id");
    const auto idle_micros = one.at_path("transaction.timeInactiveMicros").integer().value_or(0);
    if (!id || !condemned({one.at("appName").text(), idle_micros / 1000})) continue;
    kill.open(kill.item()).append("id", id).close();
    any = true;
  }
  kill.close();
  if (any) run_command(client, "admin", kill.finish(), Doing::reading);
}

}  // namespace sluice::mongo
