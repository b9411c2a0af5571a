#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mongo/privileges.hpp"
#include "requirements/requirements.hpp"
#include "sluice/config.hpp"

namespace sluice::requirements {

/// What the worker's user may do, against what the worker has to do.
class Rights {
 public:
  /// Where access control is off, everything is allowed.
  static Rights unlimited() { return Rights(mongo::Privileges{}, true); }
  explicit Rights(mongo::Privileges privileges) : Rights(std::move(privileges), false) {}

  bool limited() const { return !unlimited_; }
  /// `name@database`
  std::string user() const { return privileges_.user() + "@" + privileges_.user_database(); }

  bool may(std::string_view action, std::string_view database, std::string_view collection) const {
    return unlimited_ || privileges_.may(action, database, collection);
  }

  /// A sentence that names what is not allowed, and the line that grants it; nothing where all is allowed. An
  /// empty collection stands for the database as a whole.
  std::optional<std::string> missing(const std::string& database, const std::vector<Access>& wanted) const;

 private:
  Rights(mongo::Privileges privileges, bool unlimited)
      : privileges_(std::move(privileges)), unlimited_(unlimited) {}
  std::string grant_line(const std::string& database, const std::vector<std::string>& actions) const;

  mongo::Privileges privileges_;
  bool unlimited_;
};

/// What the user of a connection may do: everything where access control is off or the server does not say.
/// Blocks.
Rights rights_of(mongoc_client_t* client);

/// What a worker does in the state database.
std::vector<Access> state_accesses();

/// A sentence, with the line that grants it, for each part of a stream's work that the user may not do: read
/// the change stream, keep the state, and carry out each rule.
std::vector<std::string> lacking(const Rights& rights, const Config& config, const StreamConfig& stream,
                                 const Rules& rules);

}  // namespace sluice::requirements
