#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/publish_plan.hpp"
#include "sinks/jetstream/connection.hpp"

namespace sluice::sinks::jetstream {

/// Whether every subject that matches `narrow` also matches `wide`. Both may contain `*` and end with `>`.
bool covers(std::string_view wide, std::string_view narrow);

/// Whether some subject matches both. Both may contain `*` and end with `>`.
bool meet(std::string_view one, std::string_view other);

/// Checks the stream as ensure_stream() does, but changes nothing. Sets `there` to whether the stream exists.
std::optional<Error> look_at_stream(const Connection& connection, const StreamShape& shape,
                                    const std::function<void(const std::string&)>& say, bool& there);

/// Creates the stream if it is missing and the rule allows that. Several workers may do so at the same time.
/// For an existing stream, reports differences from `shape` through `say`. Returns an error if messages could
/// not be stored in the stream: ErrorKind::fatal if the operator has to change the stream or the rule,
/// otherwise the kind of the server's error. Blocks.
std::optional<Error> ensure_stream(const Connection& connection, const StreamShape& shape,
                                   const std::function<void(const std::string&)>& say);

/// For a stream that does not exist yet: an error if another stream already has one of its subjects, so that
/// it cannot be created. Returns nullopt if there is no such stream, or if the server does not answer.
std::optional<Error> overlap(const Connection& connection, const StreamShape& shape);

/// The error for a missing stream that Sluice may not create.
Error missing(const StreamShape& shape);

}  // namespace sluice::sinks::jetstream
