#include "inspect/server_inspector.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "config/state_names.hpp"
#include "mongo/who_answers.hpp"

namespace sluice::inspect {

namespace {

constexpr std::int32_t unauthorized = 13;
constexpr std::int64_t first_with_pre_images = 6;

bool needs_images(const requirements::Rules& rules) {
  return std::ranges::any_of(requirements::subscriptions_of(rules), &Subscription::needs_images);
}

}  // namespace

std::optional<requirements::Rights> ServerInspector::run() {
  if (!reaches_server()) return std::nullopt;
  auto rights = find_rights();
  if (!rights) return std::nullopt;
  look_at_version();
  look_at_compatibility();
  return rights;
}

mongo::Reply ServerInspector::ask(const std::string& database, bson::Builder& command) {
  return mongo::run_command(client_, database, command.finish(), mongo::Doing::reading);
}

bool ServerInspector::reaches_server() {
  bson::Builder hello;
  hello.append("hello", 1);
  const mongo::Reply reply = ask("admin", hello);
  if (!reply.ok() && mongo::is_denial(*reply.error)) {
    report_.say(
        Level::error,
        fmt::format("the server refuses the login: {}; check user, password and authSource in the URI",
                    reply.error->text()));
    return false;
  }
  const std::string other = reply.ok() ? "" : mongo::who_answers_instead(mongoc_client_get_uri(client_));
  if (!other.empty()) {
    report_.say(Level::error, other);
    return false;
  }
  const std::string names =
      reply.ok() ? "" : mongo::wrong_certificate(mongoc_client_get_uri(client_), *reply.error);
  if (!names.empty()) {
    report_.say(
        Level::unreachable,
        fmt::format(
            "no server can be reached at {}: {}; {}. Name the server as its certificate does, or give "
            "it a certificate for this name",
            pool_.hosts(), reply.error->message, names));
    return false;
  }
  const std::string starting = reply.ok() ? mongo::not_initiated(reply.view(), pool_.hosts())
                                          : mongo::not_initiated(mongoc_client_get_uri(client_));
  if (!starting.empty()) {
    report_.say(Level::unreachable, starting);
    return false;
  }
  if (!reply.ok()) {
    report_.say(Level::unreachable,
                fmt::format("no server can be reached at {}: {}", pool_.hosts(), reply.error->text()));
    return false;
  }
  set_ = reply.view().at("setName").text();
  const bool cluster = reply.view().at("msg").text() == "isdbgrid";
  if (set_.empty() && !cluster) {
    report_.say(Level::error, requirements::no_replica_set);
    return false;
  }
  return true;
}

/// Reads the rights of the user. Without a log-in, the server allows everything if access control is off, and
/// otherwise almost nothing, so one query shows which.
std::optional<requirements::Rights> ServerInspector::find_rights() {
  bson::Builder status;
  status.append("connectionStatus", 1).append("showPrivileges", true);
  const mongo::Reply reply = ask("admin", status);
  if (!reply.ok()) {
    report_.say(Level::error, "the privileges of the user cannot be read: " + reply.error->text());
    return std::nullopt;
  }
  mongo::Privileges privileges = mongo::Privileges::read(reply.view());
  if (!privileges.anonymous()) {
    requirements::Rights rights(std::move(privileges));
    report_.say(Level::ok, "logged in as " + rights.user());
    return rights;
  }
  bson::Builder find;
  find.append("find", state::layouts).append("limit", 1);
  const mongo::Reply found = ask(config_.state_database, find);
  if (found.ok() || found.error->code != unauthorized) {
    report_.say(Level::ok, "access control is off: every user may do everything");
    return requirements::Rights::unlimited();
  }
  report_.say(Level::error,
              "the server requires a login, and the URI names no user (mongodb://user:password@...)");
  return std::nullopt;
}

void ServerInspector::look_at_version() {
  bson::Builder info;
  info.append("buildInfo", 1);
  const mongo::Reply reply = ask("admin", info);
  const std::string version(reply.view().at("version").text());
  const std::int64_t major = reply.view().at_path("versionArray").document().at("0").integer().value_or(0);
  const std::string where =
      fmt::format("MongoDB {}, {}", version, set_.empty() ? "a sharded cluster" : "replica set " + set_);
  if (major >= first_with_pre_images) {
    report_.say(Level::ok, where);
  } else {
    report_.say(needs_images(rules_) ? Level::error : Level::warning,
                where + "; pre-images, which count and tally need, require 6.0");
  }
}

/// Checks the feature compatibility version: an upgraded server lacks new features until it is raised. Says
/// nothing if the user has no right to read it, or if a sharded cluster's router does not report it.
void ServerInspector::look_at_compatibility() {
  bson::Builder question;
  question.append("getParameter", 1).append("featureCompatibilityVersion", 1);
  const mongo::Reply reply = ask("admin", question);
  const std::string version(reply.view().at_path("featureCompatibilityVersion.version").text());
  if (!reply.ok() || version.empty() || std::atoll(version.c_str()) >= first_with_pre_images) return;
  report_.say(needs_images(rules_) ? Level::error : Level::warning,
              "its featureCompatibilityVersion is " + version +
                  "; pre-images, which count and tally need, require 6.0: "
                  "db.adminCommand({setFeatureCompatibilityVersion: \"6.0\"})");
}

}  // namespace sluice::inspect
