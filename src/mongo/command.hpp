#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "bson/raii.hpp"
#include "mongo/error.hpp"
#include "mongo/raii.hpp"
#include "sluice/bson.hpp"

namespace sluice::mongo {

/// A command's reply, and the error if it failed.
struct Reply {
  bson::Document document;
  std::optional<Error> error;

  bool ok() const { return !error; }
  bson::View view() const { return bson::View(*document.get()); }
};

/// Runs a command on the primary. Unless `doing` is reading, an entry in writeErrors counts as an error, and
/// so does a writeConcernError.
Reply run_command(mongoc_client_t* client, const std::string& database, bson::View command, Doing doing,
                  const bson_t* options = nullptr);

/// The reply's writeConcernError, if any. The write has happened, but no majority has confirmed it, so a
/// fail-over may roll it back. Always transient.
std::optional<Error> write_concern_error(bson::View reply);

/// The first entry of a reply's writeErrors, if any.
struct WriteError {
  std::size_t index;
  Error error;
};
std::optional<WriteError> first_write_error(bson::View reply, Doing doing = Doing::writing);

}  // namespace sluice::mongo
