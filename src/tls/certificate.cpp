#include "tls/certificate.hpp"

#include <arpa/inet.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <memory>

#include "bson/destroyer.hpp"

namespace sluice::tls {

namespace {

using AlternativeNames = std::unique_ptr<GENERAL_NAMES, Destroyer<GENERAL_NAMES_free>>;

constexpr int most_names = 10;
constexpr int ipv4_bytes = 4;
constexpr int ipv6_bytes = 16;

/// The bytes come from the server, so unprintable ones are replaced before they get into a message.
std::string text_of(const ASN1_STRING* text) {
  const auto* data = reinterpret_cast<const char*>(ASN1_STRING_get0_data(text));  // NOLINT: OpenSSL's bytes
  std::string out(data, static_cast<std::size_t>(ASN1_STRING_length(text)));
  std::ranges::replace_if(
      out, [](unsigned char byte) { return byte < 0x20 || byte >= 0x7F; }, '?');
  return out;
}

std::string address_of(const ASN1_STRING* bytes) {
  const int size = ASN1_STRING_length(bytes);
  if (size != ipv4_bytes && size != ipv6_bytes) return "?";
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(size == ipv4_bytes ? AF_INET : AF_INET6, ASN1_STRING_get0_data(bytes), text.data(), text.size());
  return text.data();
}

}  // namespace

std::string names_of(const X509* certificate) {
  std::string all;
  int known = 0;
  const auto add = [&](const std::string& name) {
    if (++known <= most_names) all += (all.empty() ? "" : ", ") + name;
  };
  const AlternativeNames names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) add(text_of(name->d.dNSName));
    if (name->type == GEN_IPADD) add(address_of(name->d.iPAddress));
  }
  if (known > most_names) all += " and " + std::to_string(known - most_names) + " more";
  if (!all.empty()) return all;
  const X509_NAME* subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  return at < 0 ? "no host" : text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

bool is_for(X509* certificate, const std::string& host) {
  constexpr int not_an_address = -2;
  const int as_address = X509_check_ip_asc(certificate, host.c_str(), 0);
  if (as_address != not_an_address) return as_address == 1;
  return X509_check_host(certificate, host.data(), host.size(), 0, nullptr) == 1;
}

std::string wrong_name(const std::string& names, const std::string& host) {
  return "it is for " + names + ", and " + host + " is wanted";
}

}  // namespace sluice::tls
