#include <algorithm>
#include <memory>

#include "support/fixture.hpp"
#include "support/lines.hpp"
#include "support/nats_server.hpp"
#include "support/redis_server.hpp"
#include "support/web_service.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// What the log tells of a server that is away.
class OutageLog : public PipelineTest {
 protected:
  std::string publishing_rules() const {
    std::string rules;
    for (const char* name : {"orders", "stock", "mail"}) {
      rules += std::string("  - name: ") + name + "-events\n    publish: { from: " + name +
               ", stream: " + db_name_ + "-" + name + " }\n";
    }
    return file(rules);
  }
  void write() {
    for (const char* name : {"orders", "stock", "mail"}) {
      for (int i = 0; i < 10; ++i) db().insert(name, "{\"n\":" + std::to_string(i) + "}");
    }
    written_ += 30;
  }
  double tries() const { return metric("sluice_retries_total", "kind=\"unavailable\""); }
  bool published() {
    return soon([&] { return metric("sluice_events_published_total") == written_; }, 60s);
  }

  NatsServer nats_;
  std::string db_name_ = db().database();
  double written_ = 0;
};

/// Twelve lanes fail at NATS, over and over, in three outages.
TEST_F(OutageLog, HasALineForEachChangeHoweverOftenItIsTried) {
  start(publishing_rules(),
        {"--nats-url", nats_.url(), "--lanes", "12", "--in-flight", "12", "--log-format", "json"})
      .ready();
  constexpr int outages = 3;
  const std::size_t before = lines_with(worker().err(), "").size();
  for (int i = 0; i < outages; ++i) {
    nats_.kill9();
    const double tried = tries();
    write();
    ASSERT_TRUE(soon([&] { return tries() >= tried + 60; }, 60s)) << worker().story();
    nats_.restart();
    ASSERT_TRUE(published()) << worker().story();
  }
  const std::string said = worker().err();
  const auto down =
      lines_with(said, "outlet " + nats_.url() + " is down (rules orders-events, stock-events, mail-events)");
  EXPECT_EQ(down.size(), outages) << said;
  EXPECT_EQ(lines_with(said, "outlet " + nats_.url() + " is up again after").size(), outages) << said;
  for (const std::string& line : down) {
    const Document fields(line);
    EXPECT_EQ(fields.text("level"), "warning") << line;
    EXPECT_EQ(fields.text("stream"), db_name_) << line;
    EXPECT_EQ(fields.text("rule"), "orders-events, stock-events, mail-events") << line;
    EXPECT_TRUE(fields.has("code")) << line;
  }
  // A summary for each minute that the machine took, and what a reconnection has to say of the streams.
  EXPECT_LE(lines_with(said, "").size() - before, 4U * outages + 4) << said;
}

/// A stream that waits for NATS as it starts reads nothing yet.
TEST_F(OutageLog, AServerThatIsAwayAtTheStartIsToldOnceAndKeepsItFromBeingReady) {
  nats_.kill9();
  Worker& worker =
      start(publishing_rules(), {"--nats-url", nats_.url(), "--log-format", "json", "--stall-ms", "1000"});
  ASSERT_TRUE(worker.logs("outlet " + nats_.url() + " is down")) << worker.err();
  const auto readyz = worker.get("/readyz");
  EXPECT_EQ(readyz.status, 503) << readyz.body;
  EXPECT_NE(readyz.body.find("outlet " + nats_.url() + ": down"), std::string::npos) << readyz.body;
  EXPECT_EQ(metric("sluice_ready"), 0);
  EXPECT_EQ(metric("sluice_stalled"), 0);
  EXPECT_EQ(metric("sluice_outlet_up"), 0);
  const std::string top = run_sluice({"top", "127.0.0.1:" + worker.port()}).out;
  EXPECT_NE(top.find("  not ready "), std::string::npos) << top;
  EXPECT_NE(top.find("outlet " + nats_.url() + " has been down for"), std::string::npos) << top;
  nats_.restart();
  worker.ready();
  EXPECT_TRUE(soon([&] { return worker.well(); })) << worker.get("/readyz").body;
  EXPECT_EQ(metric("sluice_outlet_up"), 1);
  EXPECT_EQ(lines_with(worker.err(), "outlet " + nats_.url() + " is down").size(), 1U) << worker.err();
  EXPECT_EQ(lines_with(worker.err(), "outlet " + nats_.url() + " is up again").size(), 1U) << worker.err();
  EXPECT_EQ(lines_with(worker.err(), "could not prepare").size(), 0U) << worker.err();
}

/// MongoDB refuses the checkpoint at every try.
TEST_F(OutageLog, OfACheckpointThatCannotBeStoredIsShort) {
  start(
      file("  - name: copies\n    embed: { from: users, into: [{ collection: articles, reference: authorId, "
           "set: { name: author } }] }\n"),
      {"--log-format", "json", "--lease-ms", "60000"})
      .ready();
  db().admin(R"({"configureFailPoint":"failCommand","mode":"alwaysOn","data":{"failCommands":["update"],
      "namespace":")" +
             state().database() + R"(.shards","errorCode":91}})");
  db().insert("users", R"({"_id":1,"name":"n"})");
  const auto refused = [&] { return metric("sluice_retries_total", "kind=\"checkpoint\""); };
  EXPECT_TRUE(soon([&] { return refused() >= 10; }, 60s));
  db().admin(R"({"configureFailPoint":"failCommand","mode":"off"})");
  ASSERT_TRUE(worker().logs("the checkpoint could not be stored: over after ")) << worker().err();
  const std::string said = worker().err();
  const auto lines = lines_with(said, "the checkpoint could not be stored");
  EXPECT_LE(lines.size(), 4U) << said;
  const Document first(lines.front());
  EXPECT_EQ(first.text("stream"), db_name_);
  EXPECT_EQ(first.integer("code"), 91);
}

/// A server outside MongoDB that a rule sends to.
struct Outlet {
  std::string name;
  std::function<void()> down;
  std::function<void()> up;
};

/// All that tells how a worker is, of one moment.
struct Seen {
  int readyz = 0;
  std::string body;
  double ready = -1;
  double stalled = -1;
  double outlet_up = -1;
  std::string status;
  std::string top;
};

void expect_numbers(const Seen& seen, int readyz, double ready, double stalled, double outlet_up) {
  EXPECT_EQ(seen.readyz, readyz) << seen.body;
  EXPECT_EQ(seen.ready, ready) << seen.body;
  EXPECT_EQ(seen.stalled, stalled) << seen.body;
  EXPECT_EQ(seen.outlet_up, outlet_up) << seen.body;
}

class OutageHealth : public PipelineTest, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    const std::string kind = GetParam();
    std::vector<std::string> flags = {"--stall-ms", "4000", "--lanes", "2"};
    std::string rule;
    if (kind == "nats") {
      nats_ = std::make_unique<NatsServer>();
      outlet_ = {nats_->url(), [this] { nats_->kill9(); }, [this] { nats_->restart(); }};
      flags.insert(flags.end(), {"--nats-url", nats_->url()});
      rule = "publish: { from: items, stream: " + db().database() + " }";
    } else if (kind == "redis") {
      redis_ = std::make_unique<RedisServer>();
      outlet_ = {redis_->url(), [this] { redis_->kill9(); }, [this] { redis_->restart(); }};
      flags.insert(flags.end(), {"--redis-url", redis_->url()});
      rule = "cache: { from: items, delete: [\"item:{id}\"] }";
    } else {
      web_ = std::make_unique<WebService>();
      outlet_ = {web_->origin(), [this] { web_->stop(); }, [this] { web_->start(); }};
      rule = "webhook: { from: items, url: \"" + web_->origin() + "/\" }";
    }
    start(file("  - name: teller\n    " + rule + "\n"), flags).ready();
  }

  /// Nothing if it changed meanwhile.
  std::optional<Seen> look() {
    Seen seen;
    const auto first = worker().get("/readyz");
    const auto metrics = worker().metrics();
    seen.ready = metrics.sum("sluice_ready");
    seen.stalled = metrics.sum("sluice_stalled");
    seen.outlet_up = metrics.sum("sluice_outlet_up", "outlet=\"" + outlet_.name + "\"");
    seen.status = worker().get("/status").body;
    seen.top = run_sluice({"top", "127.0.0.1:" + worker().port()}).out;
    const auto last = worker().get("/readyz");
    seen.readyz = last.status;
    seen.body = last.body;
    const auto kind = [](const auto& answer) { return answer.body.substr(0, answer.body.find(',')); };
    if (first.status != last.status || kind(first) != kind(last)) return std::nullopt;
    return seen;
  }
  /// Waits until /readyz has this status, and then for a look at all of it.
  Seen when(const std::string& status) {
    Seen seen;
    EXPECT_TRUE(soon([&] {
      if (worker().get("/readyz").body.find("{\"status\":\"" + status + "\"") != 0) return false;
      const auto look_at = look();
      if (look_at) seen = *look_at;
      return look_at && seen.body.find("{\"status\":\"" + status + "\"") == 0;
    })) << worker().story();
    return seen;
  }

  std::unique_ptr<NatsServer> nats_;
  std::unique_ptr<RedisServer> redis_;
  std::unique_ptr<WebService> web_;
  Outlet outlet_;
};

/// First it is degraded and ready, then stalled and not ready: for readyz, metrics, status and top alike.
TEST_P(OutageHealth, IsOneStoryEverywhere) {
  const Seen well = when("READY");
  expect_numbers(well, 200, 1, 0, 1);
  EXPECT_FALSE(Document(well.status).boolean("streams.0.degraded")) << well.status;

  outlet_.down();
  db().insert("items", R"({"_id":1})");
  const Seen degraded = when("DEGRADED");
  expect_numbers(degraded, 200, 1, 0, 0);
  EXPECT_NE(degraded.body.find("outlet " + outlet_.name + ": down"), std::string::npos) << degraded.body;
  EXPECT_NE(degraded.body.find("rule teller"), std::string::npos) << degraded.body;
  const Document stream = Document(degraded.status).child("streams.0");
  EXPECT_TRUE(stream.boolean("ready")) << stream.json();
  EXPECT_TRUE(stream.boolean("degraded")) << stream.json();
  EXPECT_EQ(stream.text("outlets.0.name"), outlet_.name);
  EXPECT_NE(degraded.top.find("  degraded "), std::string::npos) << degraded.top;
  EXPECT_NE(degraded.top.find("outlet " + outlet_.name + " has been down for"), std::string::npos)
      << degraded.top;

  const Seen stalled = when("NOT_READY");
  expect_numbers(stalled, 503, 0, 1, 0);
  EXPECT_NE(stalled.body.find(" stalled: lane "), std::string::npos) << stalled.body;
  EXPECT_NE(stalled.body.find("\"degraded\""), std::string::npos) << "it says still what is down\n"
                                                                  << stalled.body;
  const Document waiting = Document(stalled.status).child("streams.0");
  EXPECT_FALSE(waiting.boolean("ready")) << waiting.json();
  EXPECT_TRUE(waiting.boolean("stalled")) << waiting.json();
  EXPECT_NE(stalled.body.find(waiting.text("waitsFor").substr(0, 40)), std::string::npos)
      << "one reason\n"
      << stalled.body << "\n"
      << waiting.json();
  EXPECT_NE(stalled.top.find("  stalled "), std::string::npos) << stalled.top;
  EXPECT_TRUE(worker().logs("stalled: lane "));

  outlet_.up();
  const Seen again = when("READY");
  expect_numbers(again, 200, 1, 0, 1);
  EXPECT_TRUE(worker().logs("outlet " + outlet_.name + " is up again after"));
}

INSTANTIATE_TEST_SUITE_P(Outlets, OutageHealth, testing::Values("nats", "redis", "webhook"),
                         [](const auto& kind) { return std::string(kind.param); });

/// Those who ask the state database are told by the member itself.
TEST_F(OutageLog, ClusterStatusNamesWhatAMemberWaitsFor) {
  const std::string rules = publishing_rules();
  start_member(rules, 2, {"--nats-url", nats_.url(), "--lease-ms", "2000"}).ready();
  nats_.kill9();
  write();
  const auto told = [&](const std::string& text) {
    return soon([&] {
      return run_sluice(here_run({"cluster", "status", rules})).out.find(text) != std::string::npos;
    });
  };
  EXPECT_TRUE(told("is degraded, down: " + nats_.url())) << worker().story();
  nats_.restart();
  EXPECT_TRUE(published()) << worker().story();
  EXPECT_TRUE(soon([&] {
    return run_sluice(here_run({"cluster", "status", rules})).out.find("is degraded") == std::string::npos;
  }));
}

}  // namespace
}  // namespace sluice::test
