#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "mongo/client.hpp"
#include "requirements/requirements.hpp"

/// Which collections a rule can work on. Sluice compares values byte by byte, in the worker, in verification
/// and in repairs. In a collection with a default collation the server would compare ids and references
/// differently, so no rule may write there by id or reference. Such a collection can be read, since Sluice
/// compares what it reads itself.
namespace sluice::requirements {

/// The collections that a rule writes by id or reference, each once. Collections into which it only inserts
/// documents with the ids of their events are left out.
std::vector<std::string> written_by_value(const Rule& rule);

/// All collections that a rule writes, each once.
std::vector<std::string> written(const Rule& rule);

/// Why a rule cannot read changes of a collection, or write to it, and what to do. Nothing if it can, or if
/// the collection does not exist yet. `by_value`: the rule writes by id or reference.
std::optional<std::string> unreadable(const std::string& full_name, const CollectionState& state);
std::optional<std::string> unwritable(const std::string& full_name, const CollectionState& state,
                                      bool by_value);

/// A collection that a rule's settings name.
struct NamedCollection {
  std::string database;
  std::string name;
  const char* key = "";   ///< the setting that names it
  bool read = false;      ///< the rule reads its changes
  bool by_value = false;  ///< with `written`: the rule writes by id or reference
  bool written = false;
  bool transactional = true;  ///< with `written`: the rule writes in transactions

  std::string full_name() const { return database + "." + name; }
};

/// All collections that a rule names: first those it reads, then those it writes. Collections that its
/// patterns match are left out.
std::vector<NamedCollection> named_collections(const Rule& rule, const std::string& database);

/// Why the rule cannot work on a collection in this state; nothing if it can. Begins with the setting's key.
std::optional<std::string> unfit(const NamedCollection& named, const CollectionState& state);

/// If `named` does not exist, but its name looks like `db.coll` and that is a collection of another database:
/// a text that says so and what to do. Queries the server; a collection that the user may not see counts as
/// missing.
std::optional<std::string> elsewhere(mongoc_client_t* client, const NamedCollection& named);

/// A collection of the database whose name is similar to `name`, which does not exist; "" if there is none.
/// Blocks.
std::string nearest_collection(mongoc_client_t* client, const std::string& database, const std::string& name);

/// Checks every collection of the rules on the server. ErrorKind::fatal, with the rule's name, if a rule
/// cannot work on one; `unknown` is set if the user lacks the right to look. Blocks.
std::optional<Error> check_collections(mongo::ClientPool& pool, const std::string& database,
                                       const std::vector<const Rule*>& rules, std::optional<Error>& unknown);

}  // namespace sluice::requirements
