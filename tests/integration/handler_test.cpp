#include <atomic>
#include <map>

#include "support/handling.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

class Handlers : public HandlersTest {};

TEST_F(Handlers, KeepTheOrderOfEachDocumentAndTheLimitOfThoseAtWork) {
  std::mutex mutex;
  std::map<std::string, int> at_work;
  std::map<std::string, std::int64_t> newest;
  int now = 0;
  int most = 0;
  int wrong = 0;
  Seen seen;
  HostedPipeline host(config(), 4);
  host.pipeline().on("orders", {.at_once = 5}, [&](Change change) -> asio::awaitable<void> {
    const std::string id = id_of(change);
    {
      const std::lock_guard lock(mutex);
      most = std::max(most, ++now);
      wrong += at_work[id]++;
    }
    co_await pause(std::chrono::microseconds(std::hash<std::string_view>()(change.idempotency_key()) % 3000));
    const auto n = change.operation() == Operation::insert ? change.after().at("n").integer()
                                                           : change.updated().at("n").integer();
    {
      const std::lock_guard lock(mutex);
      --now;
      --at_work[id];
      wrong += n.value_or(-1) == newest[id] ? 0 : 1;
      newest[id] = n.value_or(-1) + 1;
    }
    seen.add(id);
  });
  ASSERT_TRUE(host.ready()) << host.log();
  constexpr int documents = 30;
  constexpr int rounds = 10;
  for (int n = 0; n < rounds; ++n) {
    for (int i = 0; i < documents; ++i) {
      n == 0 ? insert(std::to_string(i)) : write(std::to_string(i), n);
    }
  }
  EXPECT_TRUE(soon([&] { return seen.size() == documents * rounds; })) << seen.size() << host.log();
  EXPECT_TRUE(host.stop()) << host.log();
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(documents * rounds));
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(most, 1);
  EXPECT_LE(most, 5);
}

TEST_F(Handlers, GetWhatWasAndWhatIsAndWhatChanged) {
  db().insert("orders", R"({"_id":"a","status":"new","total":5,"coupon":"x","items":[{"sku":1},{"sku":2}]})");
  Seen seen;
  HostedPipeline host(config(), 1);
  host.pipeline().on(
      "orders", {.after = FullDocument::when_available, .before = BeforeImage::when_available},
      [&](Change change) -> asio::awaitable<void> {
        co_await pause(1ms);  // what it has is still there
        std::string text(name_of(change.operation()));
        text.append(" ").append(change.database()).append(".").append(change.collection());
        text += " key=" + change.key().json() + " before=" + std::string(change.before().at("status").text());
        text += " after=" + std::string(change.after().at("status").text());
        text += " updated=" + change.updated().json() + " removed=" + change.removed().json();
        const auto total = change.value_after("total");
        text += " total=" + std::to_string(total && *total ? total->integer().value_or(-1) : -1);
        text += change.touches("status") ? " touched" : "";
        EXPECT_EQ(change.idempotency_key(),
                  "orders-" + std::string(change.resume_token().at("_data").text()));
        EXPECT_GT(change.cluster_time().seconds, 1'600'000'000U);
        EXPECT_GT(change.wall_time().time_since_epoch().count(), 0);
        EXPECT_EQ(change.attempt(), 1);
        EXPECT_TRUE(change.complete());
        seen.add(text);
      });
  ASSERT_TRUE(host.ready()) << host.log();
  db().update("orders", R"({"_id":"a"})", R"({"$set":{"status":"paid"},"$unset":{"coupon":1}})");
  db().update("orders", R"({"_id":"a"})", R"({"$set":{"total":7}})");
  db().remove("orders", R"({"_id":"a"})");
  ASSERT_TRUE(soon([&] { return seen.size() == 3; })) << host.log();
  const std::string name = db().database() + ".orders";
  const std::string key = R"( key={ "_id" : "a" })";
  EXPECT_EQ(
      seen.all()[0],
      "update " + name + key +
          R"( before=new after=paid updated={ "status" : "paid" } removed={ "0" : "coupon" } total=5 touched)");
  EXPECT_EQ(seen.all()[1], "update " + name + key +
                               R"( before=paid after=paid updated={ "total" : 7 } removed={ } total=7)");
  EXPECT_EQ(seen.all()[2],
            "delete " + name + key + " before=paid after= updated=null removed=null total=-1 touched");
}

TEST_F(Handlers, AreAskedOnlyForWhatTheirOptionsName) {
  Seen seen;
  const auto note = [&](Change change) -> asio::awaitable<void> {
    seen.add(std::string(name_of(change.operation())) + " " + id_of(change));
    co_return;
  };
  HostedPipeline host(config(), 1);
  host.pipeline().on("orders",
                     {.operations = {Operation::update},
                      .fields = {"n"},
                      .when = "NEW.n > 5",
                      .before = BeforeImage::when_available},
                     note);
  host.pipeline().on("ord*", {.name = "deletes", .operations = {Operation::remove}}, note);
  ASSERT_TRUE(host.ready()) << host.log();
  insert("a");
  write("a", 3);
  write("a", 9);
  db().update("orders", R"({"_id":"a"})", R"({"$set":{"other":1}})");
  db().remove("orders", R"({"_id":"a"})");
  EXPECT_TRUE(soon([&] { return seen.size() == 2; })) << host.log();
  EXPECT_EQ(sorted(seen.all()), (Texts{"delete a", "update a"}));
}

TEST_F(Handlers, ThatThrowAreCalledAgainAndTheirChangeBecomesADeadLetter) {
  Seen seen;
  HostedPipeline host(config(), 2);
  const HandlerOptions options{.tries = 3, .first_pause = 1ms, .longest_pause = 5ms};
  host.pipeline().on("orders", options, [&](Change change) -> asio::awaitable<void> {
    const std::string id = id_of(change);
    seen.add(id + std::to_string(change.attempt()));
    co_await pause(100us);
    if (id == "once" && change.attempt() == 1) throw std::runtime_error("not yet");
    if (id == "never" && change.operation() == Operation::insert) throw std::runtime_error("no stock");
    if (id == "bad") throw Unprocessable("no such article");
  });
  ASSERT_TRUE(host.ready()) << host.log();
  for (const char* id : {"never", "once", "good", "bad"}) insert(id);
  write("never", 1);
  ASSERT_TRUE(soon([&] { return state().count("dead_letters") == 2 && seen.size() == 8; })) << host.log();
  EXPECT_TRUE(host.stop()) << host.log();
  EXPECT_EQ(sorted(seen.all()),
            (Texts{"bad1", "good1", "never1", "never1", "never2", "never3", "once1", "once2"}));
  const auto never = state().find_one("dead_letters", R"({"event.documentKey._id":"never"})");
  ASSERT_TRUE(never);
  EXPECT_EQ(never->text("rule"), "orders");
  EXPECT_EQ(never->text("error.message"), "handler orders: no stock (try 3 of 3)");
  const auto bad = state().find_one("dead_letters", R"({"event.documentKey._id":"bad"})");
  EXPECT_EQ(bad->text("error.message"), "handler orders: no such article");
  EXPECT_TRUE(host.logged("warning shop.orders: handler orders: not yet (try 1 of 3); it is called again"))
      << host.log();
}

/// What hangs in one document keeps no other waiting, however few lanes there are.
TEST_F(Handlers, ThatHangHoldUpTheirDocumentAlone) {
  std::atomic<bool> go_on = false;
  Seen seen;
  Config few = config();
  few.engine.lanes = 1;
  few.engine.batch_docs = 50;
  HostedPipeline host(few, 1);
  host.pipeline().on("orders", {.at_once = 3}, [&](Change change) -> asio::awaitable<void> {
    while (id_of(change) == "slow" && !go_on) co_await pause(1ms);
    seen.add(id_of(change));
  });
  ASSERT_TRUE(host.ready()) << host.log();
  insert("slow");
  write("slow", 1);
  for (int i = 0; i < 40; ++i) insert("q" + std::to_string(i));
  EXPECT_TRUE(soon([&] { return seen.size() == 40; })) << seen.size();
  go_on = true;
  EXPECT_TRUE(soon([&] { return seen.size() == 42; })) << seen.size();
  EXPECT_TRUE(host.stop());
}

TEST_F(Handlers, TwoPipelinesInOneProcessDoNotMeet) {
  Seen one;
  Seen other;
  const auto into = [](Seen& seen) {
    return [&seen](Change change) -> asio::awaitable<void> {
      seen.add(id_of(change));
      co_return;
    };
  };
  HostedPipeline first(config("first"), 1);
  first.pipeline().on("orders", into(one));
  ASSERT_TRUE(first.ready());
  {
    HostedPipeline second(config("second"), 1);
    second.pipeline().on("orders", into(other));
    ASSERT_TRUE(second.ready());
    insert("a");
    EXPECT_TRUE(soon([&] { return one.size() == 1 && other.size() == 1; }));
    EXPECT_TRUE(second.stop());
  }
  insert("b");
  EXPECT_TRUE(soon([&] { return one.size() == 2; }));
  EXPECT_EQ(other.size(), 1U);
  EXPECT_TRUE(first.pipeline().metrics().find("sluice_events_published_total") != std::string::npos);
  EXPECT_EQ(first.pipeline().why_not_ready(), "");
}

TEST_F(Handlers, RunBesideTheRulesOfAFile) {
  const std::string path =
      file("  - name: sizes\n    count: {from: orders, reference: g, into: groups, field: size}\n");
  db().insert("groups", R"({"_id":1,"size":0})");
  Config loaded = load_config(path, {{"MONGODB_URI", server().uri()},
                                     {"SLUICE_DATABASE", db().database()},
                                     {"SLUICE_STATE_DATABASE", state().database()}});
  Seen seen;
  HostedPipeline host(std::move(loaded), 1);
  host.pipeline().on("orders", [&](Change change) -> asio::awaitable<void> {
    seen.add(id_of(change));
    co_return;
  });
  ASSERT_TRUE(host.ready()) << host.log();
  db().insert("orders", R"({"_id":"a","g":1})");
  EXPECT_TRUE(soon([&] { return seen.size() == 1; })) << host.log();
  EXPECT_TRUE(soon([&] { return db().count("groups", R"({"_id":1,"size":1})") == 1; })) << host.log();
}

TEST_F(Handlers, GetWhatStandsInTheCollectionFirstWhereTheyAskForIt) {
  insert("old", 4);
  Seen seen;
  HostedPipeline host(config(), 1);
  host.pipeline().on("orders", {.snapshot_first = true}, [&](Change change) -> asio::awaitable<void> {
    seen.add(std::string(name_of(change.operation())) + " " + id_of(change) + " " +
             std::to_string(change.after().at("n").integer().value_or(-1)));
    co_return;
  });
  ASSERT_TRUE(host.ready());
  ASSERT_TRUE(soon([&] { return seen.size() == 1; })) << host.log();
  insert("new", 5);
  EXPECT_TRUE(soon([&] { return seen.size() == 2; })) << host.log();
  EXPECT_EQ(sorted(seen.all()), (Texts{"insert new 5", "snapshot old 4"}));
}

std::string thrown_by(const std::function<void()>& call) {
  try {
    call();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "nothing";
}

TEST_F(Handlers, OptionsThatCannotBeUsedAreToldAtOnce) {
  asio::io_context io;
  const Handler nothing = [](const Change&) -> asio::awaitable<void> { co_return; };
  const auto on = [&](const std::string& collection, HandlerOptions options) {
    return thrown_by([&] { Pipeline(io, config()).on(collection, std::move(options), nothing); });
  };
  EXPECT_EQ(on("orders", {}), "nothing");
  EXPECT_EQ(on("orders", {.stream = "other"}), "handler 'orders': there is no stream 'other'");
  EXPECT_EQ(on("orders", {.at_once = 0}),
            "handler 'orders': HandlerOptions::at_once is 0; it must be 1 to 10000");
  EXPECT_EQ(on("orders", {.tries = 0}),
            "handler 'orders': HandlerOptions::tries is 0; it must be 1 to 1000000");
  EXPECT_EQ(on("system.views", {}).substr(0, 31), "handler 'system.views': 'system");
  EXPECT_EQ(on("orders_*", {}).substr(0, 19), "handler 'orders_*':");
  EXPECT_EQ(on("orders_*", {.name = "all"}), "nothing");
  EXPECT_NE(on("orders", {.when = "NEW.n >"}).find("handler 'orders': "), std::string::npos);
  EXPECT_NE(on("orders", {.fields = {"a..b"}}).find("'a..b' is not the path of a field"), std::string::npos);
  EXPECT_EQ(thrown_by([&] { Pipeline(io, Config{}); }).substr(0, 20), "Config::pipeline '':");
  Config wrong = config();
  wrong.engine.lanes = 0;
  EXPECT_NE(thrown_by([&] { Pipeline(io, wrong); }).find("Config::engine.lanes is 0; it must be"),
            std::string::npos);
  Pipeline pipeline(io, config());
  pipeline.on("orders", nothing);
  EXPECT_NE(thrown_by([&] { pipeline.on("orders", nothing); }).find("has that name"), std::string::npos);
  EXPECT_NE(thrown_by([&] { Pipeline(io, config()).run_blocking({}); }).find("nothing to run"),
            std::string::npos);
  Config ruled = config();
  ruled.streams[0].rules.push_back({"r", "nonsense", Settings::parse("{from: orders}")});
  EXPECT_NE(thrown_by([&] { Pipeline(io, ruled).run_blocking({}); }).find("unknown kind 'nonsense'"),
            std::string::npos);
}

}  // namespace
}  // namespace sluice::test
