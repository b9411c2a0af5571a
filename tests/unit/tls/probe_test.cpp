#include "tls/probe.hpp"

#include <gtest/gtest.h>

#include "support/certificates.hpp"
#include "support/web_service.hpp"

namespace sluice::tls {
namespace {

using test::Certificates;
using test::WebService;

TEST(CertificateProbe, NamesWhomTheCertificateIsFor) {
  const Certificates certificates("DNS:a.example.org,DNS:*.b.example.org,IP:192.0.2.7,IP:2001:db8::1");
  const WebService service({.certificate = certificates.server()});
  const std::string port = std::to_string(service.port());
  EXPECT_EQ(
      certificate_for_others("127.0.0.1", service.port(), Greeting::none),
      "the certificate of 127.0.0.1:" + port +
          ": it is for a.example.org, *.b.example.org, 192.0.2.7, 2001:db8::1, and 127.0.0.1 is wanted");
}

TEST(CertificateProbe, SaysNothingOfOneThatIsForTheHost) {
  const Certificates certificates("DNS:elsewhere,IP:127.0.0.1");
  const WebService service({.certificate = certificates.server()});
  EXPECT_EQ(certificate_for_others("127.0.0.1", service.port(), Greeting::none), "");
}

TEST(CertificateProbe, SeesItAlsoWhereClientsHaveToShowTheirs) {
  const Certificates certificates("DNS:elsewhere");
  const WebService service({.certificate = certificates.server(), .client_ca = certificates.authority()});
  EXPECT_NE(certificate_for_others("127.0.0.1", service.port(), Greeting::none).find("it is for elsewhere,"),
            std::string::npos);
}

TEST(CertificateProbe, NamesTheFirstOfMany) {
  std::string names;
  for (int i = 1; i <= 12; ++i) names += (i == 1 ? "DNS:h" : ",DNS:h") + std::to_string(i);
  const Certificates certificates(names);
  const WebService service({.certificate = certificates.server()});
  const std::string told = certificate_for_others("127.0.0.1", service.port(), Greeting::none);
  EXPECT_NE(told.find("h9, h10 and 2 more, and 127.0.0.1 is wanted"), std::string::npos) << told;
}

TEST(CertificateProbe, SaysNothingWhereNobodySpeaksTls) {
  const WebService plain;
  EXPECT_EQ(certificate_for_others("127.0.0.1", plain.port(), Greeting::none), "");
  // It waits for a request, and says no line first.
  EXPECT_EQ(certificate_for_others("127.0.0.1", plain.port(), Greeting::line), "");
  EXPECT_EQ(certificate_for_others("127.0.0.1", 1, Greeting::none), "");
  EXPECT_EQ(certificate_for_others("no such host", 1, Greeting::none), "");
}

}  // namespace
}  // namespace sluice::tls
