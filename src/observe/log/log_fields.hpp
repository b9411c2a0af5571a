#pragma once

#include <string>

namespace sluice::observe {

struct LogFields;

/// The fields that are set, as members of a JSON object, each preceded by a comma. A line carries its fields
/// in the place of its logger's name, which none of our formats show. So text that a message quotes cannot be
/// mistaken for a field.
std::string json_fields(const LogFields& fields);

}  // namespace sluice::observe
