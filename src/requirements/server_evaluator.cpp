#include "requirements/server_evaluator.hpp"

#include <algorithm>

namespace sluice::requirements {

bool needs_judge(const Rules& rules) {
  const source::StreamFilter filter = filter_of(rules);
  return !filter.judged.empty() || std::ranges::any_of(filter.subscriptions, [](const Subscription& one) {
    return !one.redacted.empty() || !one.projected.empty();
  });
}

std::optional<Error> judge(mongoc_client_t* client, const std::string& database, const Rules& rules,
                           const std::vector<OwnedDocument>& events, std::vector<OwnedDocument>& out) {
  bson::Builder stages;
  stages.open_array("pipeline").open(stages.item()).open("$documents").open_array("$literal");
  for (const OwnedDocument& event : events) stages.append(stages.item(), view_of(event));
  stages.close().close().close();
  source::append_stages(stages, filter_of(rules));
  stages.close();
  const bson_t pipeline = stages.finish().borrow();
  const mongo::Database on(mongoc_client_get_database(client, database.c_str()));
  const mongo::Cursor cursor(mongoc_database_aggregate(on.get(), &pipeline, nullptr, nullptr));
  const bson_t* found = nullptr;
  while (mongoc_cursor_next(cursor.get(), &found))
    out.emplace_back(bson_get_data(found), bson_get_data(found) + found->len);
  bson_error_t error{};
  const bson_t* reply = nullptr;
  if (!mongoc_cursor_error_document(cursor.get(), &error, &reply)) return std::nullopt;
  return mongo::classify(error, reply, mongo::Doing::reading);
}

}  // namespace sluice::requirements
