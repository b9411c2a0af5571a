#pragma once

#include <string>
#include <string_view>

namespace sluice::config {

/// A connection string fit to be printed: passwords and other secrets become `***`. Works on broken URIs as
/// well, and then hides rather too much than too little.
std::string mask_uri(std::string_view uri);

/// The same for several with commas between them.
std::string mask_uris(std::string_view uris);

}  // namespace sluice::config
