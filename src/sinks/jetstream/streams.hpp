#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/publish_plan.hpp"
#include "sinks/jetstream/connection.hpp"

namespace sluice::sinks::jetstream {

/// Whether every subject that matches `narrow` also matches `wide`. Both may contain `*` and end in `>`.
bool covers(std::string_view wide, std::string_view narrow);

/// Whether the stream exists, and, if so, what ensure_stream() would report about it. Changes nothing.
std::optional<Error> look_at_stream(const Connection& connection, const StreamShape& shape,
                                    const std::function<void(const std::string&)>& say, bool& there);

/// Creates the stream if it is missing and the configuration allows it. Reports through `say` how an existing
/// stream differs from the configuration. Returns an error if messages cannot be stored in it:
/// ErrorKind::fatal if the operator has to change the stream or the rule, otherwise the kind that the
/// server's answer suggests. Blocks.
std::optional<Error> ensure_stream(const Connection& connection, const StreamShape& shape,
                                   const std::function<void(const std::string&)>& say);

/// Another stream with subjects of this missing one, because of which it cannot be created. Nothing if there
/// is none or the server does not say.
std::optional<Error> overlap(const Connection& connection, const StreamShape& shape);

/// The error if a stream that we may not create is missing.
Error missing(const StreamShape& shape);

}  // namespace sluice::sinks::jetstream
