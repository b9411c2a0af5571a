#pragma once

#include <string>
#include <string_view>

namespace sluice::config {

/// Masks passwords and other secrets in a connection string with `***`. For broken URIs it masks too much
/// rather than too little.
std::string mask_uri(std::string_view uri);

/// The same for several URIs separated by commas.
std::string mask_uris(std::string_view uris);

/// Whether a header or setting of this name holds a secret: Authorization, X-Api-Key, secret.
bool names_secret(std::string_view name);

/// Masks the destination of a message: secrets in a URL, or in a path with query. A subject is unchanged.
std::string mask_address(std::string_view address);

/// Masks the values of `name: value` lines whose names indicate secrets.
std::string mask_lines(std::string_view text);

/// Masks the text of a rule or trigger: quoted values after the name of a secret (`"Authorization": "..."`,
/// `HEADER 'Authorization' = '...'`), and URLs (see mask_uri).
std::string mask_rule(std::string_view text);

}  // namespace sluice::config
