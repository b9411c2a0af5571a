#pragma once

#include <openssl/x509.h>

#include <string>

namespace sluice::tls {

/// The hosts that a certificate is for, separated by commas: the first ten of its alternative names,
/// otherwise its common name, otherwise "no host".
std::string names_of(const X509* certificate);

/// Whether the certificate is for `host`, a name or an IP address.
bool is_for(X509* certificate, const std::string& host);

/// The text `it is for NAMES, and HOST is wanted`.
std::string wrong_name(const std::string& names, const std::string& host);

}  // namespace sluice::tls
