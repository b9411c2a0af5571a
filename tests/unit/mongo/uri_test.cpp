#include "mongo/uri.hpp"

#include <gtest/gtest.h>

#include "mongo/quiet.hpp"
#include "sluice/error.hpp"
#include "unit/refusal.hpp"

namespace sluice::mongo {
namespace {

std::string refusal(const std::string& uri) {
  quiet_driver();
  return test::refusal_of<Stop>([&] { check_uri(uri); });
}

TEST(CheckUri, TakesWhatTheDriverCanRead) {
  EXPECT_EQ(refusal("mongodb://h1:1,h2:2/?replicaSet=rs0"), "");
  EXPECT_EQ(refusal("mongodb://user:p%40ss@h/?authSource=admin"), "");
  EXPECT_EQ(refusal("mongodb://h/?appName=a@b@c"), "") << "an @ in an option is none of a password";
}

TEST(CheckUri, RefusesWhatItCannot) {
  EXPECT_NE(refusal("mongodb://h:99999/"), "");
  EXPECT_NE(refusal("mongodb://h/?replicaSet="), "");
  const std::string typo = refusal("mongodb://127.0.0.1:27o17");  // the driver would take port 27
  EXPECT_NE(typo.find("the port '27o17' of '127.0.0.1' must be"), std::string::npos) << typo;
}

TEST(CheckUri, RefusesOptionsThatNobodyKnows) {
  const std::string start = "the MongoDB URI cannot be used: unknown option ";
  const std::string end = "; it looks like mongodb://user:password@host:port/?replicaSet=name";
  EXPECT_EQ(refusal("mongodb://h/?replicSet=rs0"), start + "'replicSet'; did you mean 'replicaSet'?" + end);
  EXPECT_EQ(refusal("mongodb://u:p@h/d?tls=true&authSorce=admin"),
            start + "'authSorce'; did you mean 'authSource'?" + end);
  EXPECT_EQ(refusal("mongodb://h/?quite=other"), start + "'quite'" + end);
  EXPECT_EQ(
      refusal("mongodb://u:p@h/?authSource=admin&w=majority&readPreference=primary&wTimeoutMS=1&tls=true&"
              "maxPoolSize=3&uuidRepresentation=standard&retryWrites=true&readConcernLevel=majority&"
              "compressors=zlib&connectTimeoutMS=1&socketTimeoutMS=1&journal=true&heartbeatFrequencyMS=600&"
              "directConnection=true&appName=x&authMechanism=SCRAM-SHA-256"),
      "");
}

/// The driver would quote the one password, and look for a host of the other's name.
TEST(CheckUri, GivesNoPasswordAway) {
  for (const char* uri : {"mongodb://u:sec:ret@h/", "mongodb://u:top@secret@h/", "mongodb://u:sec%ret@h/",
                          "mongodb://u:sec/ret@h/", "mongodb://u:secret"}) {
    const std::string why = refusal(uri);
    EXPECT_NE(why, "") << uri;
    EXPECT_EQ(why.find("ret"), std::string::npos) << why;
  }
}

}  // namespace
}  // namespace sluice::mongo
