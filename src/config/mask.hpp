#pragma once

#include <string>
#include <string_view>

namespace sluice::config {

/// A connection string fit to be printed: passwords and other secrets become `***`. Works on broken URIs as
/// well, and then hides rather too much than too little.
std::string mask_uri(std::string_view uri);

/// The same for several with commas between them.
std::string mask_uris(std::string_view uris);

/// Whether what goes by this name (a header, a setting) is better not shown: Authorization, X-Api-Key,
/// secret.
bool names_secret(std::string_view name);

/// Where a message goes: secrets of a URL, or of its path and query alone, are masked; a subject stays.
std::string mask_address(std::string_view address);

/// Lines `name: value` with the values of those that name secrets masked; others stay.
std::string mask_lines(std::string_view text);

/// The text of a rule or of a trigger: quoted texts behind a name of a secret (`"Authorization": "..."`,
/// `HEADER 'Authorization' = '...'`) are masked, and so are URLs (see mask_uri).
std::string mask_rule(std::string_view text);

}  // namespace sluice::config
