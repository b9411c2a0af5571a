#include <fmt/format.h>

#include <algorithm>

#include "config/connector/connector.hpp"
#include "config/connector/parts.hpp"
#include "config/names.hpp"

namespace sluice::config {
namespace {

const std::vector<std::string> kOperations = {"insert", "update", "replace", "delete"};

/// Other operations of change streams, which do not concern a document.
const std::vector<std::string> kOtherOperations = {
    "drop", "rename", "dropDatabase", "invalidate", "create", "modify", "refineCollectionShardKey"};

[[noreturn]] void missing(std::string_view name, std::string_view what, std::string_view example) {
  throw ConfigError(
      fmt::format("{} is not set: {}, as in {}={}; see sluice connector --help", name, what, name, example));
}

std::string uri_of(const ConnectorStart& start) {
  const std::string uri = checked_variable(start.environment, "MONGO_URI", "mongodb-uri", "");
  if (!uri.empty() || cluster_stated(start)) return uri;
  missing("MONGO_URI", "it is the URI of MongoDB, including the database to watch",
          "mongodb://db1:27017/shop?replicaSet=rs0");
}

std::string database_of(const ConnectorStart& start, const std::string& uri) {
  std::string name = variable(start.flags, "database");
  std::string from = "--database";
  if (name.empty()) {
    name = database_of_uri(uri);
    from = "MONGO_URI";
  }
  if (name.empty()) {
    throw ConfigError(
        "MONGO_URI contains no database; add it after the hosts, as in "
        "mongodb://db1:27017/shop?replicaSet=rs0, or set --database");
  }
  if (const std::string why = why_no_database(name); !why.empty()) {
    throw ConfigError(fmt::format("{}: {}", from, why));
  }
  return name;
}

std::vector<std::string> operations_of(const Values& environment) {
  const std::vector<std::string> stated = comma_list(variable(environment, "MONGO_WATCH_OPERATIONS"));
  if (stated.empty()) return {"insert", "update", "replace"};
  std::vector<std::string> operations;
  for (const std::string& one : stated) {
    if (std::ranges::find(kOtherOperations, one) != kOtherOperations.end()) {
      throw ConfigError(
          fmt::format("MONGO_WATCH_OPERATIONS: '{}' cannot be published, because it concerns no document; "
                      "remove it (allowed: {})",
                      one, join_or(kOperations)));
    }
    if (std::ranges::find(kOperations, one) == kOperations.end()) {
      throw ConfigError("MONGO_WATCH_OPERATIONS: each operation must be " + not_among(one, kOperations));
    }
    if (std::ranges::find(operations, one) == operations.end()) operations.push_back(one);
  }
  return operations;
}

std::string name_of(const Values& environment) {
  std::string name = variable(environment, "RAFT_CLUSTER_NAME");
  if (name.empty()) return "connector";
  if (const std::string why = why_no_name(name); !why.empty()) {
    throw ConfigError(fmt::format("RAFT_CLUSTER_NAME: invalid name '{}': {}; set --name", name, why));
  }
  return name;
}

/// Any number of instances may run: one publishes, the others stand by. So the size only has to be a valid
/// number.
void check_size(const Values& environment) {
  const std::string size = variable(environment, "RAFT_CLUSTER_SIZE");
  if (size.empty()) return;
  const auto number = whole_number(size);
  if (!number || *number < 1) {
    throw ConfigError(fmt::format("RAFT_CLUSTER_SIZE must be a whole number of at least 1, not '{}'", size));
  }
}

/// Whether the dots of a collection's name separate tokens of the subject, as they do in the other connector.
bool divides_subjects(const std::string& name) {
  const bool plain =
      std::ranges::all_of(name, [](char c) { return c > ' ' && c != '*' && c != '>' && c != '{'; });
  const bool whole = !name.starts_with('.') && !name.ends_with('.') && name.find("..") == std::string::npos;
  return plain && whole && name.find('.') != std::string::npos;
}

}  // namespace

Connector connector_of_variables(const ConnectorStart& start) {
  const Values& environment = start.environment;
  Connector connector;
  const std::vector<std::string> collections = comma_list(variable(environment, "MONGO_WATCH_COLLECTIONS"));
  if (collections.empty() && variable(environment, "MONGO_URI").empty() && !cluster_stated(start)) {
    throw ConfigError(
        "nothing to publish is configured: set MONGO_URI and MONGO_WATCH_COLLECTIONS, or name a file with "
        "--config or CONFIG_FILE (there is no connector.yaml in this directory); see sluice connector "
        "--help");
  }
  connector.uri = uri_of(start);
  if (collections.empty()) {
    missing("MONGO_WATCH_COLLECTIONS", "it lists the collections to publish, separated by commas",
            "users,orders");
  }
  const std::string database = database_of(start, connector.uri);
  connector.nats_url = with_scheme(variable(environment, "NATS_SERVER_URL"));
  if (connector.nats_url.empty() && !nats_stated(start)) {
    missing("NATS_SERVER_URL", "it is the URL of the NATS servers", "nats://127.0.0.1:4222");
  }
  if (!connector.nats_url.empty()) {
    parse_value(option("nats-url"), connector.nats_url, {Origin::Kind::environment, "NATS_SERVER_URL"});
  }
  connector.name = name_of(environment);
  check_size(environment);
  connector.http_host = "0.0.0.0";
  connector.http_port = *whole_number(checked_variable(environment, "HTTP_PORT", "http-port", "3000"));
  connector.operations = operations_of(environment);
  std::string prefix = variable(environment, "NATS_STREAM_NAME");
  if (prefix.empty()) prefix = "cs";
  const std::string stream = start.stream.empty() ? prefix : start.stream;
  std::string tokens = variable(environment, "MONGO_RESUME_TOKENS_COLLECTION");
  if (tokens.empty()) tokens = "cs_resume_tokens";
  for (const std::string& name : collections) {
    const bool known = std::ranges::any_of(connector.collections,
                                           [&](const ConnectorCollection& one) { return one.name == name; });
    if (known) continue;
    const std::string part = divides_subjects(name) ? name : "{coll}";
    connector.collections.push_back({.database = database,
                                     .name = name,
                                     .stream = stream,
                                     .subject = prefix + "." + part + ".{op}.{id}",
                                     .subjects = prefix + ".>",
                                     .before = "off",
                                     .tokens = {database, tokens, false}});
  }
  return connector;
}

}  // namespace sluice::config
