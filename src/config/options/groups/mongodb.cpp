#include "config/options/groups/groups.hpp"
#include "config/options/groups/store.hpp"

namespace sluice::config {
namespace {

constexpr const char* kIndexPolicies[] = {"warn", "create"};

void set_indexes(Config& config, const OptionValue& value) {
  config.indexes = value.text == "create" ? IndexPolicy::create : IndexPolicy::warn;
}

constexpr Option mongodb_table[] = {
    {.group = "MongoDB",
     .name = "mongodb-uri",
     .env = "MONGODB_URI",
     .path = "mongodb.uri",
     .type = OptionType::uri,
     .fallback = "mongodb://127.0.0.1:27017/?replicaSet=rs0",
     .help = "Connection string of the replica set."},
    {.group = "MongoDB",
     .name = "mongodb-uri-file",
     .env = "MONGODB_URI_FILE",
     .path = "mongodb.uri_file",
     .type = OptionType::file,
     .help = "File that contains the connection string, instead of --mongodb-uri. A changed file takes "
             "effect without a restart."},
    {.group = "MongoDB",
     .name = "database",
     .env = "SLUICE_DATABASE",
     .path = "mongodb.database",
     .type = OptionType::database,
     .help = "Database whose changes are read."},
    {.group = "MongoDB",
     .name = "state-database",
     .env = "SLUICE_STATE_DATABASE",
     .path = "state.database",
     .type = OptionType::database,
     .fallback = "sluice",
     .help = "Database for Sluice's own state: positions, leases, dead letters, triggers.",
     .store = set_text<&Config::state_database>},
    {.group = "MongoDB",
     .name = "indexes",
     .env = "SLUICE_INDEXES",
     .path = "indexes",
     .type = OptionType::choice,
     .fallback = "warn",
     .choices = kIndexPolicies,
     .help = "What to do when a rule needs an index that does not exist: log a warning (warn), or create it "
             "(create).",
     .store = set_indexes},
};

}  // namespace

std::span<const Option> mongodb_options() {
  return mongodb_table;
}

}  // namespace sluice::config
