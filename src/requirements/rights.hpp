#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mongo/privileges.hpp"
#include "requirements/requirements.hpp"
#include "sluice/config.hpp"

namespace sluice::requirements {

/// The rights of the worker's user, and which of the needed rights are missing.
class Rights {
 public:
  /// For a server without access control: everything is allowed.
  static Rights unlimited() { return Rights(mongo::Privileges{}, true); }
  explicit Rights(mongo::Privileges privileges) : Rights(std::move(privileges), false) {}

  bool limited() const { return !unlimited_; }
  /// `name@database`
  std::string user() const { return privileges_.user() + "@" + privileges_.user_database(); }

  bool may(std::string_view action, std::string_view database, std::string_view collection) const {
    return unlimited_ || privileges_.may(action, database, collection);
  }

  /// A sentence that names the missing rights, with the line that grants them; nothing if none is missing. An
  /// empty collection stands for the whole database.
  std::optional<std::string> missing(const std::string& database, const std::vector<Access>& wanted) const;

 private:
  Rights(mongo::Privileges privileges, bool unlimited)
      : privileges_(std::move(privileges)), unlimited_(unlimited) {}
  std::string grant_line(const std::string& database, const std::vector<std::string>& actions) const;

  mongo::Privileges privileges_;
  bool unlimited_;
};

/// The rights of a connection's user: everything if access control is off or the server does not say. Blocks.
Rights rights_of(mongoc_client_t* client);

/// The rights that a worker needs in the state database.
std::vector<Access> state_accesses();

/// A sentence, with the line that grants the rights, for each part of a stream's work that the user may not
/// do: read the change stream, store the state, and carry out each rule.
std::vector<std::string> lacking(const Rights& rights, const Config& config, const StreamConfig& stream,
                                 const Rules& rules);

}  // namespace sluice::requirements
