#include <filesystem>
#include <fstream>

#include "support/guarded.hpp"
#include "support/own_server.hpp"
#include "support/tls.hpp"

namespace sluice::test {
namespace {

/// Workers that log in by a URI out of a file, as secrets are mounted.
class Credentials : public ServerFaultsOn<GuardedReplicaSet> {
 protected:
  Credentials() {
    roles_ = R"({"role":"readWrite","db":")" + db().database() + R"("},{"role":"dbAdmin","db":")" +
             db().database() + R"("},{"role":"readWrite","db":")" + state().database() + "\"}";
    own.make_user("first", "secret-one", roles_);
    put(own.uri_of("first", "secret-one"));
    workers_connect_by_file(path());
  }
  ~Credentials() override {
    for (std::size_t i = 0; i < workers(); ++i) {
      EXPECT_EQ((worker(i).out() + worker(i).err()).find("secret-"), std::string::npos) << worker(i).story();
    }
  }

  std::string path() const { return (folder_.path() / "uri").string(); }
  /// In one step, so that nobody reads half a URI.
  void put(const std::string& uri) const {
    std::filesystem::rename(folder_.write("next", uri + "\n"), path());
  }
  bool all_log(const std::string& text) {
    for (std::size_t i = 0; i < workers(); ++i) {
      if (!worker(i).logs(text)) return false;
    }
    return true;
  }
  bool all_answer(int status) {
    return soon([&] {
      for (std::size_t i = 0; i < workers(); ++i) {
        if (worker(i).get("/readyz").status != status) return false;
      }
      return true;
    });
  }
  /// The user is gone, and everything that he had under way. (By name it could be ended only before: then he
  /// would begin anew.)
  void banish(const std::string& name) {
    own.drop_user(name);
    own.kill_sessions();
  }

  std::string roles_;
  TemporaryDirectory folder_;
};

TEST_F(Credentials, AreReplacedUnderLoadBeforeTheOldUserGoes) {
  start_shards(realworld_file(), 2);
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  ASSERT_TRUE(go_on(200));
  own.make_user("second", "secret-two", roles_);
  put(own.uri_of("second", "secret-two"));
  ASSERT_TRUE(all_log("its URI is in use from now on"));
  ASSERT_TRUE(go_on(200));
  banish("first");
  ASSERT_TRUE(go_on(500));
  storm.finish();
  EXPECT_TRUE(exact(2)) << "SLUICE_SEED=" << random_seed();
  EXPECT_TRUE(all_answer(200));
  terminate_all();
}

TEST_F(Credentials, ThatAreRefusedUnderLoadAreWaitedFor) {
  start_shards(realworld_file(), 2);
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  ASSERT_TRUE(go_on(200));
  banish("first");
  ASSERT_TRUE(all_answer(503));
  ASSERT_TRUE(all_log("(code 13)"));
  own.make_user("second", "secret-two", roles_);
  put(own.uri_of("second", "secret-two"));
  ASSERT_TRUE(go_on(500));
  storm.finish();
  EXPECT_TRUE(exact(2)) << "SLUICE_SEED=" << random_seed();
  EXPECT_TRUE(all_answer(200));
  terminate_all();
}

/// The server forgets who a connection belongs to when its user is dropped, and does not remember when he is
/// made again: connections have to be made anew although the file has not changed.
TEST_F(Credentials, OfAUserWhoIsMadeAgainAreGoodAgain) {
  start(realworld_file()).ready();
  realworld::seed(db(), storm_.sizes);
  ASSERT_TRUE(settled());
  banish("first");
  db().insert("favorites", R"({"articleId":1})");
  ASSERT_TRUE(all_answer(503));
  own.make_user("first", "secret-one", roles_);
  EXPECT_TRUE(exact()) << "SLUICE_SEED=" << random_seed();
  EXPECT_TRUE(all_answer(200));
  terminate_all();
}

TEST_F(Credentials, ThatTheServerDoesNotAcceptAreNotTakenUp) {
  start(realworld_file()).ready();
  realworld::seed(db(), storm_.sizes);
  put(own.uri_of("first", "secret-wrong"));
  ASSERT_TRUE(worker().logs("is not used: "));
  put("no URI at all");
  ASSERT_TRUE(worker().logs("is not used: the MongoDB URI cannot be used"));
  std::filesystem::remove(path());
  ASSERT_TRUE(worker().logs("No such file or directory"));
  EXPECT_TRUE(exact()) << "SLUICE_SEED=" << random_seed();
  // The password changes while the file is wrong; connections that stand are not asked for it.
  own.change_password("first", "secret-new");
  put(own.uri_of("first", "secret-new"));
  ASSERT_TRUE(worker().logs("its URI is in use from now on"));
  server().node(0).kill9();
  server().node(0).restart();
  server().wait_for_primary();
  db().insert("favorites", R"({"articleId":1})");
  EXPECT_TRUE(exact()) << "SLUICE_SEED=" << random_seed();
  terminate_all();
}

TEST_F(Credentials, OfAUriThatStandsInAFlagEndTheWorker) {
  workers_connect_to(own.uri_of("first", "secret-one"));
  start(realworld_file()).ready();
  banish("first");
  db().insert("favorites", R"({"articleId":1})");
  EXPECT_EQ(worker().wait(), 2) << worker().story();
}

class TlsCertificates : public ServerFaultsOn<TlsReplicaSet> {};

/// The driver reads the files anew for each connection: nothing has to be told that they have changed.
TEST_F(TlsCertificates, OfANewAuthorityAreUsedByTheNextConnections) {
  start_shards(realworld_file(), 2);
  realworld::seed(db(), storm_.sizes);
  StormThread storm(server().patient_uri(), db().database(), storm_);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(go_on(200));
    own.renew();
    server().node(0).kill9();
    server().node(0).restart();
    server().wait_for_primary();
  }
  ASSERT_TRUE(go_on(500));
  storm.finish();
  EXPECT_TRUE(exact(2)) << "SLUICE_SEED=" << random_seed();
  terminate_all();
}

}  // namespace
}  // namespace sluice::test
