#include "sinks/aws/credential_source.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "support/temporary_directory.hpp"
#include "support/web_service.hpp"

namespace sluice::sinks::aws {
namespace {

using namespace std::chrono_literals;
using test::WebAnswer;
using test::WebRequest;

class AwsCredentialSource : public testing::Test {
 protected:
  std::string get(CredentialSource::Time now) {
    const auto result = source_.get(now);
    const auto* error = std::get_if<Error>(&result);
    return error != nullptr ? "error: " + error->message : std::get<Credentials>(result).key_id;
  }
  void answer_with(const std::string& key, std::optional<CredentialSource::Time> expires = {}) {
    next_ = Credentials{key, "secret", "", expires};
  }

  CredentialSource::Result next_;
  int fetches_ = 0;
  CredentialSource source_{[this](const std::stop_token&) {
    ++fetches_;
    return next_;
  }};
  CredentialSource* source_of_test_ = nullptr;
  const CredentialSource::Time now_ = CredentialSource::Time(1'000'000s);
};

TEST_F(AwsCredentialSource, TemporaryOnesAreFetchedAgainBeforeTheyExpire) {
  answer_with("one", now_ + 1h);
  EXPECT_EQ(get(now_), "one");
  EXPECT_EQ(get(now_ + 54min), "one");
  EXPECT_EQ(fetches_, 1);
  answer_with("two", now_ + 2h);
  EXPECT_EQ(get(now_ + 55min), "two");
  EXPECT_EQ(fetches_, 2);
}

TEST_F(AwsCredentialSource, TheLastOnesAreUsedUntilTheyExpire) {
  answer_with("one", now_ + 1h);
  EXPECT_EQ(get(now_), "one");
  next_ = Error{ErrorKind::unavailable, 0, "away"};
  EXPECT_EQ(get(now_ + 56min), "one");
  EXPECT_EQ(get(now_ + 56min + 1s), "one");
  EXPECT_EQ(fetches_, 2) << "not more often than every two seconds";
  EXPECT_EQ(get(now_ + 1h), "error: away");
  answer_with("two", now_ + 2h);
  EXPECT_EQ(get(now_ + 1h + 1s), "error: away");
  EXPECT_EQ(get(now_ + 1h + 2s), "two");
}

/// The metadata service hangs, while the last credentials are still good.
TEST_F(AwsCredentialSource, OthersGoOnWithTheLastOnesWhileOneFetches) {
  std::string seen;
  CredentialSource source([&](const std::stop_token&) -> CredentialSource::Result {
    if (++fetches_ == 2) seen = std::get<Credentials>(source_of_test_->get(now_ + 58min)).key_id;
    return Credentials{std::to_string(fetches_), "secret", "", now_ + 1h};
  });
  source_of_test_ = &source;
  EXPECT_EQ(std::get<Credentials>(source.get(now_)).key_id, "1");
  EXPECT_EQ(std::get<Credentials>(source.get(now_ + 57min)).key_id, "2");
  EXPECT_EQ(seen, "1");
}

TEST_F(AwsCredentialSource, AFetchThatThrowsIsAnError) {
  CredentialSource source(
      [](const std::stop_token&) -> CredentialSource::Result { throw std::runtime_error("no memory"); });
  EXPECT_NE(std::get<Error>(source.get(now_)).message.find("no memory"), std::string::npos);
  EXPECT_NE(std::get<Error>(source.get(now_ + 3s)).message.find("no memory"), std::string::npos)
      << "nobody waits for it";
}

TEST_F(AwsCredentialSource, RefusedOnesAreFetchedAgain) {
  answer_with("one");
  EXPECT_EQ(get(now_), "one");
  answer_with("two");
  source_.refused("another");
  EXPECT_EQ(get(now_ + 10s), "one");
  source_.refused("one");
  EXPECT_EQ(get(now_ + 10s), "two");
  EXPECT_EQ(get(now_ + 20s), "two");
  EXPECT_EQ(fetches_, 2);
  EXPECT_EQ(get(now_ + 41s), "two");
  EXPECT_EQ(fetches_, 3) << "a file may have changed";
}

std::string fetched(const AwsConfig& config) {
  const auto result = fetch_credentials(config);
  if (const auto* error = std::get_if<Error>(&result)) return "error: " + error->message;
  const auto& found = std::get<Credentials>(result);
  return found.key_id + " " + found.secret + " " + found.session_token;
}

class AwsCredentialFetch : public testing::Test {
 protected:
  AwsCredentialFetch() {
    std::ofstream(file_) << "[default]\naws_access_key_id = file\naws_secret_access_key = f\n";
    config_.credentials_file = file_;
    config_.metadata_endpoint = service_.origin();
  }

  test::TemporaryDirectory folder_;
  const std::string file_ = (folder_.path() / "credentials").string();
  test::WebService service_;
  AwsConfig config_;
};

TEST_F(AwsCredentialFetch, TheConfigurationComesFirst) {
  config_.access_key_id = "stated";
  EXPECT_NE(fetched(config_).find("set both"), std::string::npos);
  config_.secret_access_key = "s";
  config_.session_token = "t";
  EXPECT_EQ(fetched(config_), "stated s t");
}

/// Whichever place was asked last.
TEST_F(AwsCredentialFetch, NoneSayWhereTheyAreLookedFor) {
  const auto says_all = [this] {
    const std::string said = fetched(config_);
    for (const char* place :
         {"AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", "~/.aws/credentials",
          "'aws.credentials_file' (AWS_SHARED_CREDENTIALS_FILE)", "profile 'other'", "metadata service"}) {
      EXPECT_NE(said.find(place), std::string::npos) << place << "\n" << said;
    }
  };
  config_.profile = "other";
  says_all();
  config_.credentials_file = "/nonexistent";
  says_all();
  std::ofstream(file_) << "[other]\n";
  config_.credentials_file = file_;
  config_.metadata_disabled = true;
  says_all();
  config_.container_url = "http://127.0.0.1:1/";
  says_all();
}

TEST_F(AwsCredentialFetch, ThenTheSharedFile) {
  EXPECT_EQ(fetched(config_), "file f ");
  config_.profile = "other";
  EXPECT_NE(fetched(config_).find("has no profile 'other'"), std::string::npos) << fetched(config_);
  config_.credentials_file = "/nonexistent";
  EXPECT_NE(fetched(config_).find("cannot read /nonexistent"), std::string::npos);
  EXPECT_EQ(service_.count(), 0U);
}

TEST_F(AwsCredentialFetch, ThenTheContainer) {
  config_.credentials_file.clear();
  config_.profile = AwsConfig().profile;
  std::ofstream(folder_.path() / "token") << "letmein\n";
  config_.container_url = service_.origin() + "/v1/credentials";
  config_.container_token_file = (folder_.path() / "token").string();
  service_.answer([](const WebRequest& request) -> WebAnswer {
    if (request.target != "/v1/credentials" || request.header("authorization") != "letmein")
      return {.status = 403};
    return {.body = R"({"AccessKeyId":"box","SecretAccessKey":"b","Token":"t"})"};
  });
  EXPECT_EQ(fetched(config_), "box b t");
}

/// The answers of the second version of the instance's metadata service.
TEST_F(AwsCredentialFetch, ThenTheInstance) {
  config_.credentials_file.clear();
  service_.answer([](const WebRequest& request) -> WebAnswer {
    if (request.target == "/latest/api/token") {
      const bool right =
          request.method == "PUT" && !request.header("x-aws-ec2-metadata-token-ttl-seconds").empty();
      return {.status = right ? 200 : 400, .body = "session"};
    }
    if (request.header("x-aws-ec2-metadata-token") != "session") return {.status = 401};
    if (request.target == "/latest/meta-data/iam/security-credentials/") return {.body = "role\n"};
    if (request.target == "/latest/meta-data/iam/security-credentials/role") {
      return {.body = R"({"Code":"Success","AccessKeyId":"ec2","SecretAccessKey":"e","Token":"t",)"
                      R"("Expiration":"2026-11-29T12:00:00Z"})"};
    }
    return {.status = 404};
  });
  EXPECT_EQ(fetched(config_), "ec2 e t");
  service_.answer(WebAnswer{.status = 404});
  EXPECT_NE(fetched(config_).find("answered 404"), std::string::npos) << fetched(config_);
  service_.stop();
  EXPECT_NE(fetched(config_).find("set AWS_ACCESS_KEY_ID"), std::string::npos) << fetched(config_);
  config_.metadata_disabled = true;
  EXPECT_NE(fetched(config_).find("turned off"), std::string::npos);
}

}  // namespace
}  // namespace sluice::sinks::aws
