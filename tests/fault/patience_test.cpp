#include "support/fail_points.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// Each answer to a getMore takes longer than a worker waits for one, as behind a long stretch of changes
/// that nobody watches.
class LongSearch : public FailPoints {
 protected:
  Worker& start_and_make_the_server_search() {
    workers_connect_to(server().uri() + "&socketTimeoutMS=2000");
    Worker& worker = start(realworld_file(), {"--drain-ms", "1000"}).ready();
    fail(R"("failCommands":["getMore"],"blockConnection":true,"blockTimeMS":5000,"namespace":")" +
             db().database() + ".$cmd.aggregate\"",
         "\"alwaysOn\"");
    return worker;
  }
};

TEST_F(LongSearch, IsWaitedForEverLongerUntilTheAnswerComes) {
  const Worker& worker = start_and_make_the_server_search();
  db().insert("articles", R"({"_id":1,"authorId":7})");
  db().insert("users", R"({"_id":7,"username":"ann"})");
  // Neither 2 s nor 4 s are enough for an answer that takes 5.
  EXPECT_TRUE(soon([&] { return metric("sluice_stream_reopens_total") >= 2; }, 60s)) << worker.err();
  EXPECT_TRUE(soon(
      [&] {
        const auto article = db().find_one("articles", R"({"authorUsername":"ann"})");
        return article.has_value();
      },
      60s))
      << worker.err();
  // It waits as usual again from then on.
  const double reopened = metric("sluice_stream_reopens_total");
  EXPECT_TRUE(soon([&] { return metric("sluice_stream_reopens_total") > reopened; }, 60s)) << worker.err();
  fail("", "\"off\"");
  EXPECT_TRUE(soon([&] { return worker.get("/readyz").status == 200; }, 60s)) << worker.get("/readyz").body;
  EXPECT_TRUE(exact());
}

TEST_F(LongSearch, DoesNotKeepAWorkerFromStopping) {
  Worker& worker = start_and_make_the_server_search();
  EXPECT_TRUE(soon([&] { return metric("sluice_stream_reopens_total") >= 2; }, 60s)) << worker.err();
  EXPECT_EQ(worker.terminate(), 0) << worker.err();
}

}  // namespace
}  // namespace sluice::test
