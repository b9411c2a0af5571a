#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "mongo/client.hpp"
#include "requirements/requirements.hpp"

/// Which collections a rule can work on. Sluice tells values apart byte by byte, in the worker, in
/// verification and in repairs. The server would compare the ids and references that are written to a
/// collection with a default collation differently, so no rule may write there by either. Such a collection
/// can be read: what is read is compared here.
namespace sluice::requirements {

/// The collections that a rule writes by id or reference, each once. Those into which it only inserts
/// documents with ids of their events are not among them.
std::vector<std::string> written_by_value(const Rule& rule);

/// All collections that a rule writes, each once.
std::vector<std::string> written(const Rule& rule);

/// Why a rule cannot read changes of a collection, or write to it; nothing where it can, or where there is no
/// such collection yet. `by_value`: it is written by id or reference. What to do is part of the text.
std::optional<std::string> unreadable(const std::string& full_name, const CollectionState& state);
std::optional<std::string> unwritable(const std::string& full_name, const CollectionState& state,
                                      bool by_value);

/// A collection that a rule's settings name.
struct NamedCollection {
  std::string database;
  std::string name;
  const char* key = "";   ///< the setting that names it
  bool read = false;      ///< its changes are
  bool by_value = false;  ///< with `written`: by id or reference
  bool written = false;
  bool transactional = true;  ///< with `written`: in transactions

  std::string full_name() const { return database + "." + name; }
};

/// All that a rule names, in the order: read, written. Not what its patterns match.
std::vector<NamedCollection> named_collections(const Rule& rule, const std::string& database);

/// Why the rule cannot work on a collection of which the server says this; nothing where it can. Begins with
/// the setting's key.
std::optional<std::string> unfit(const NamedCollection& named, const CollectionState& state);

/// Where a name that no collection of `database` has looks like `db.coll`, and there is such a collection in
/// another database: what was found and what to do. Asks the server; what the user may not see is not there.
std::optional<std::string> elsewhere(mongoc_client_t* client, const NamedCollection& named);

/// A collection of the database whose name is near to one that does not exist; "" where there is none.
/// Blocks.
std::string nearest_collection(mongoc_client_t* client, const std::string& database, const std::string& name);

/// Asks the server about every collection of the rules. ErrorKind::fatal for one that a rule cannot work on,
/// with the rule's name; `unknown` is set where the server does not let the user look. Blocks.
std::optional<Error> check_collections(mongo::ClientPool& pool, const std::string& database,
                                       const std::vector<const Rule*>& rules, std::optional<Error>& unknown);

}  // namespace sluice::requirements
