#include "mongo/end_transactions.hpp"

#include "bson/builder.hpp"

namespace sluice::mongo {

void end_transactions(mongoc_client_t* client, const std::string& application) {
  if (application.empty()) return;
  bson::Builder list;
  list.append("aggregate", 1).open_array("pipeline");
  list.open(list.item()).open("$currentOp").append("idleSessions", true).close().close();
  list.open(list.item()).open("$match").append("appName", application);
  list.open("transaction").append("$exists", true).close().close().close();
  list.close().open("cursor").close();
  const Reply found = run_command(client, "admin", list.finish(), Doing::reading);
  if (!found.ok()) return;
  bson::Builder kill;
  kill.open_array("killSessions");
  bool any = false;
  const bson::View operations = found.view().at_path("cursor.firstBatch").document();
  for (const auto& [index, operation] : operations) {
    const bson::Value id = operation.document().at_path("lsid.id");
    if (!id) continue;
    kill.open(kill.item()).append("id", id).close();
    any = true;
  }
  kill.close();
  if (any) run_command(client, "admin", kill.finish(), Doing::reading);
}

}  // namespace sluice::mongo
