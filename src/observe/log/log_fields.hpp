#pragma once

#include <string>

namespace sluice::observe {

struct LogFields;

/// The known fields as members of a JSON object, each after a comma. They travel with the line as the name of
/// its logger, which our formats do not print. So nothing that a message quotes can be taken for a field.
std::string json_fields(const LogFields& fields);

}  // namespace sluice::observe
