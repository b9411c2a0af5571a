#include "support/certificates.hpp"

#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace sluice::test {

namespace {

constexpr const char* new_key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes ";

/// Each file is made under another name and then renamed, so that nobody reads a half-written file.
std::string script(const std::string& folder, const std::string& generation, const std::string& names) {
  std::string text = "set -e; cd '" + folder + "'; echo 'subjectAltName=" + names + "' > names; ";
  text += std::string("openssl req -x509 ") + new_key + "-days 2 -subj '/O=Sluice/CN=authority-" +
          generation + "' -keyout ca.key -out ca.new; ";
  for (const std::string who : {"server", "client"}) {
    text += std::string("openssl req ") + new_key + "-subj '/O=Sluice/OU=" + who + "/CN=127.0.0.1' -keyout " +
            who + ".key -out " + who + ".csr; ";
    text += "openssl x509 -req -in " + who + ".csr -CA ca.new -CAkey ca.key -CAcreateserial -days 2 " +
            "-extfile names -out " + who + ".crt; cat " + who + ".crt " + who + ".key > " + who + ".new; ";
  }
  return text + "for file in ca server client; do mv $file.new $file.pem; done";
}

}  // namespace

Certificates::Certificates(std::string names) : names_(std::move(names)) {
  renew();
}

void Certificates::renew() {
  const std::string text = script(folder_.path().string(), std::to_string(++renewals_), names_);
  if (std::system(("(" + text + ") >/dev/null 2>&1").c_str()) != 0) {
    throw std::runtime_error("no certificates: is the openssl command installed?");
  }
}

}  // namespace sluice::test
