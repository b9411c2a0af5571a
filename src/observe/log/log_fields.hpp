#pragma once

#include <string>

namespace sluice::observe {

struct LogFields;

/// The fields that are known as members of a JSON object, each behind a comma. A line's fields travel with it
/// as the name of its logger, which no format of ours shows: so nothing that a message quotes is taken for a
/// field.
std::string json_fields(const LogFields& fields);

}  // namespace sluice::observe
