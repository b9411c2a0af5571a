#include "support/fixture.hpp"

namespace sluice::test {
namespace {

class Top : public PipelineTest {
 protected:
  std::string url(std::size_t index) { return "127.0.0.1:" + worker(index).port(); }
};

TEST_F(Top, ShowsEveryWorkerThatAnswers) {
  start_shards(realworld_file(), 2);
  const workbench::Port nobody;
  const Outcome outcome = run_sluice({"top", url(0), "http://" + url(1) + "/", "127.0.0.1:" + nobody.text()});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("2 of 3 workers answer, 2 of 2 streams ready"), std::string::npos)
      << outcome.out;
  EXPECT_NE(outcome.out.find("  0/2  " + db().database()), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("  1/2  " + db().database()), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("127.0.0.1:" + nobody.text() + ": Connection refused"), std::string::npos);
  EXPECT_EQ(outcome.out.find('\x1b'), std::string::npos) << "no terminal reads this";
}

TEST_F(Top, SaysWhatToDoWhereNobodyAnswers) {
  const workbench::Port nobody;
  const Outcome outcome = run_sluice({"top", "--once", "http://127.0.0.1:" + nobody.text()});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("--http-port"), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace sluice::test
