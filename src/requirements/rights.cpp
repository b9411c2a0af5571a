#include "requirements/rights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/state_names.hpp"
#include "mongo/client.hpp"
#include "requirements/add_once.hpp"
#include "sluice/bson_builder.hpp"
#include "text/shell.hpp"

namespace sluice::requirements {

namespace {

constexpr std::array<std::string_view, 4> reading{"find", "changeStream", "listCollections", "listIndexes"};
constexpr std::string_view modifying = "collMod";  // of the built-in roles only dbAdmin has it

bool reads(std::string_view action) {
  return std::ranges::find(reading, action) != reading.end();
}

}  // namespace

std::string Rights::grant_line(const std::string& database, const std::vector<std::string>& actions) const {
  std::string roles;
  const auto add = [&](std::string_view role) {
    roles +=
        fmt::format(R"({}{{role: "{}", db: {}}})", roles.empty() ? "" : ", ", role, text::in_shell(database));
  };
  const auto writes = [](const std::string& action) { return !reads(action) && action != modifying; };
  if (std::ranges::any_of(actions, writes)) {
    add("readWrite");
  } else if (std::ranges::any_of(actions, reads)) {
    add("read");
  }
  if (std::ranges::find(actions, modifying) != actions.end()) add("dbAdmin");
  return fmt::format("db.getSiblingDB({}).grantRolesToUser({}, [{}])",
                     text::in_shell(privileges_.user_database()), text::in_shell(privileges_.user()), roles);
}

std::optional<std::string> Rights::missing(const std::string& database,
                                           const std::vector<Access>& wanted) const {
  std::vector<std::string> actions;
  std::vector<std::string> places;
  for (const Access& access : wanted) {
    for (const std::string& action : access.actions) {
      if (may(action, database, access.collection)) continue;
      add_once(actions, action);
      add_once(places,
               access.collection.empty() ? "the database " + database : database + "." + access.collection);
    }
  }
  if (actions.empty()) return std::nullopt;
  return fmt::format("the user {} lacks {} on {}; grant it: {} or a role of your own with these actions",
                     user(), fmt::join(actions, ", "), fmt::join(places, ", "),
                     grant_line(database, actions));
}

Rights rights_of(mongoc_client_t* client) {
  bson::Builder status;
  status.append("connectionStatus", 1).append("showPrivileges", true);
  const mongo::Reply reply = mongo::run_command(client, "admin", status.finish(), mongo::Doing::reading);
  mongo::Privileges privileges = mongo::Privileges::read(reply.view());
  if (!reply.ok() || privileges.anonymous()) return Rights::unlimited();
  return Rights(std::move(privileges));
}

std::vector<Access> state_accesses() {
  std::vector<Access> wanted;
  for (const char* collection : {state::layouts, state::shards, state::lanes, state::dead_letters,
                                 state::audits, state::snapshots, state::members, state::sessions}) {
    wanted.push_back({collection, {"find", "insert", "update", "remove"}});
  }
  return wanted;
}

std::vector<std::string> lacking(const Rights& rights, const Config& config, const StreamConfig& stream,
                                 const Rules& rules) {
  std::vector<std::string> all;
  const auto add = [&](const std::string& what, const std::string& database,
                       const std::vector<Access>& wanted) {
    if (auto lack = rights.missing(database, wanted)) all.push_back(what + ": " + *lack);
  };
  add("the change stream", stream.database, {{"", {"find", "changeStream"}}});
  add("the state database", config.state_database, state_accesses());
  for (const auto& rule : rules) add("rule " + rule->name(), stream.database, accesses_of(*rule));
  return all;
}

}  // namespace sluice::requirements
