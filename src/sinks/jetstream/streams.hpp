#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/publish_plan.hpp"
#include "sinks/jetstream/connection.hpp"

namespace sluice::sinks::jetstream {

/// Whether every subject that fits `narrow` fits `wide`. Both may hold `*` and, at their end, `>`.
bool covers(std::string_view wide, std::string_view narrow);

/// Whether the stream is there, and, if so, what ensure_stream() would say of it. Changes nothing.
std::optional<Error> look_at_stream(const Connection& connection, const StreamShape& shape,
                                    const std::function<void(const std::string&)>& say, bool& there);

/// Makes the stream where it is missing and may be made; says through `say` where one that is there differs
/// from what was asked for. An error where messages could not be stored in it: ErrorKind::fatal where the
/// operator has to mend the stream or the rule, else as the server's answer asks for. Blocks.
std::optional<Error> ensure_stream(const Connection& connection, const StreamShape& shape,
                                   const std::function<void(const std::string&)>& say);

/// Another stream that takes subjects of this one, which is not there: it cannot be made. Nothing where there
/// is none, or the server does not say.
std::optional<Error> overlap(const Connection& connection, const StreamShape& shape);

/// A stream that may not be made by us is not there.
Error missing(const StreamShape& shape);

}  // namespace sluice::sinks::jetstream
