#include "mongo/privileges.hpp"

#include <algorithm>

namespace sluice::mongo {

Privileges Privileges::read(bson::View status) {
  Privileges result;
  const bson::View info = status.at("authInfo").document();
  for (const auto& [index, user] : info.at("authenticatedUsers").document()) {
    result.user_ = user.document().at("user").text();
    result.user_database_ = user.document().at("db").text();
  }
  for (const auto& [index, value] : info.at("authenticatedUserPrivileges").document()) {
    const bson::View resource = value.document().at("resource").document();
    const bool any = resource.at("anyResource").boolean();
    if (!any && !resource.at("db")) continue;  // cluster or system_buckets: not needed by a worker
    Grant grant{std::string(resource.at("db").text()), std::string(resource.at("collection").text()), {}};
    for (const auto& [position, action] : value.document().at("actions").document()) {
      grant.actions.emplace(action.text());
    }
    result.grants_.push_back(std::move(grant));
  }
  return result;
}

bool Privileges::may(std::string_view action, std::string_view database, std::string_view collection) const {
  return std::ranges::any_of(grants_, [&](const Grant& grant) {
    return (grant.database.empty() || grant.database == database) &&
           (grant.collection.empty() || grant.collection == collection) && grant.actions.contains(action);
  });
}

}  // namespace sluice::mongo
