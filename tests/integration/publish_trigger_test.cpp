#include "support/publishing.hpp"

namespace sluice::test {
namespace {

/// Triggers that publish, and their neighbours.
class PublishTriggers : public PublishingTest {
 protected:
  ~PublishTriggers() override {
    for (const std::string& name : {taken(), alerts(), good()}) {
      if (consumer().has(name)) consumer().remove(name);
    }
  }

  std::string taken() const { return stream() + "_TAKEN"; }
  std::string alerts() const { return stream() + "_ALERTS"; }
  std::string good() const { return stream() + "_GOOD"; }

  Outcome trigger(const std::string& verb, const std::string& file, const std::string& text = "") {
    std::vector<std::string> words{"trigger", verb, file};
    if (!text.empty()) words.push_back(text);
    return run_sluice(here_run(std::move(words)));
  }
  testing::AssertionResult created(const std::string& file, const std::string& name,
                                   const std::string& action) {
    const Outcome outcome =
        trigger("create", file, "CREATE TRIGGER " + name + " AFTER INSERT ON items DO " + action);
    if (outcome.exit_code == 0) return testing::AssertionSuccess();
    return testing::AssertionFailure() << outcome.out << outcome.err;
  }
  /// A file whose only rule has nothing to do with any of this.
  std::string plain_file() {
    return file(
        "  - name: other\n    count: { from: others, reference: item, into: items, field: others }\n");
  }
  std::string publish_to(const std::string& part, const std::string& name) const {
    return "PUBLISH TO '" + stream() + "." + part + ".{id}' STREAM '" + name + "'";
  }
  void insert(int id) { db().insert("items", "{\"_id\":" + std::to_string(id) + "}"); }

  /// The stream that the trigger `alert` asks for cannot be made: another one takes its subjects.
  std::string file_with_a_trigger_that_cannot_run() {
    const std::string path = plain_file();
    consumer().add_stream(taken(), stream() + ".alerts.>");
    EXPECT_TRUE(created(path, "alert", publish_to("alerts", alerts())));
    EXPECT_TRUE(created(path, "note", publish_to("notes", good())));
    EXPECT_TRUE(created(path, "copy", "INSERT INTO seen (item) VALUES (NEW._id)"));
    return path;
  }
  testing::AssertionResult shown_by(const Outcome& outcome) const {
    const bool shown = outcome.out.find("alert") != std::string::npos &&
                       outcome.out.find(alerts() + " cannot be created") != std::string::npos;
    if (shown) return testing::AssertionSuccess();
    return testing::AssertionFailure() << outcome.out << outcome.err;
  }
  testing::AssertionResult hidden_by(const Outcome& outcome) const {
    if (outcome.out.find("cannot be created") == std::string::npos) return testing::AssertionSuccess();
    return testing::AssertionFailure() << outcome.out << outcome.err;
  }
  /// Every view of the triggers that asks the state database.
  std::vector<Outcome> views(const std::string& path) {
    std::vector<Outcome> all{trigger("list", path), run_sluice(here_run({"cluster", "status", path}))};
    all.push_back(run_sluice(here_run({"check", path, "--online"})));
    return all;
  }

  /// The worker has settled where each of the three begins.
  bool taken_up() {
    return soon([&] {
      return state().count("layouts", R"({"origin":{"$exists":true},"_id":{"$regex":":triggers"}})") == 3;
    });
  }

  /// While it is tried again, /readyz and `top` say no less than between two tries.
  void stays_shown(Worker& first) {
    for (int looks = 0; looks < 40 && !HasFailure(); ++looks) {
      const auto readyz = first.get("/readyz");
      EXPECT_EQ(readyz.status, 503);
      EXPECT_NE(readyz.body.find(alerts() + " cannot be created"), std::string::npos) << readyz.body;
      const Outcome top = run_sluice({"top", "127.0.0.1:" + first.port()});
      EXPECT_TRUE(shown_by(top));
      // Each partition of the others is a line of its own.
      EXPECT_TRUE(top.out.find(" 3 of 4 streams ready") != std::string::npos ||
                  top.out.find(" 6 of 7 streams ready") != std::string::npos)
          << top.out;
    }
  }

  /// One that cannot run, beside two that can: theirs goes out, and its own as soon as it can.
  void one_fails(Worker& first, const std::string& path) {
    insert(1);
    ASSERT_TRUE(soon([&] { return db().count("seen") == 1 && consumer().count(good()) == 1; }))
        << first.story();
    ASSERT_TRUE(soon([&] { return bool(shown_by(trigger("list", path))); })) << first.story();
    for (const Outcome& view : views(path)) EXPECT_TRUE(shown_by(view));
    EXPECT_TRUE(soon([&] { return bool(shown_by(run_sluice({"top", "127.0.0.1:" + first.port()}))); }));
    stays_shown(first);
    insert(2);
    ASSERT_TRUE(soon([&] { return db().count("seen") == 2 && consumer().count(good()) == 2; }))
        << first.story();

    consumer().remove(taken());
    ASSERT_TRUE(soon([&] { return consumer().count(alerts()) == 2; }, std::chrono::minutes(1)))
        << first.story();
    insert(3);
    ASSERT_TRUE(soon([&] { return consumer().count(alerts()) == 3 && db().count("seen") == 3; }));
    ASSERT_TRUE(soon([&] { return first.get("/readyz").status == 200; })) << first.get("/readyz").body;
    for (const Outcome& view : views(path)) EXPECT_TRUE(hidden_by(view));
    EXPECT_TRUE(hidden_by(run_sluice({"top", "127.0.0.1:" + first.port()})));
  }
};

TEST_F(PublishTriggers, NameTheirStreamOrTakeTheOneThatFits) {
  const std::string plain = plain_file();
  const std::string unnamed = "CREATE TRIGGER t AFTER INSERT ON items DO PUBLISH TO '" + stream() + ".x'";
  const Outcome refused = trigger("create", plain, unnamed);
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_NE(refused.err.find("no publish rule of the file has a JetStream stream for " + stream() +
                             ".x; name one: PUBLISH TO 'subject' STREAM 'name'"),
            std::string::npos)
      << refused.err;
  EXPECT_EQ(state().count("triggers"), 0);
  const std::string publishing = publish_file("      subject: '" + stream() + ".{id}'\n");
  ASSERT_EQ(trigger("create", publishing, unnamed).exit_code, 0);
  EXPECT_NE(state().find_one("triggers")->text("rule").find("stream: \"" + stream() + "\""),
            std::string::npos);
}

TEST_F(PublishTriggers, OneThatCannotRunKeepsNobodyAndMissesNothing) {
  const std::string path = file_with_a_trigger_that_cannot_run();
  Worker& worker = start_publishing(path);
  ASSERT_TRUE(taken_up()) << worker.story();
  ASSERT_TRUE(soon([&] { return bool(shown_by(trigger("list", path))); })) << worker.story();
  one_fails(worker, path);
}

TEST_F(PublishTriggers, NorInACluster) {
  const std::string path = file_with_a_trigger_that_cannot_run();
  Worker& member = start_member(path, 2, {"--nats-url", nats_server().url()});
  ASSERT_TRUE(soon([&] { return bool(shown_by(trigger("list", path))); })) << member.story();
  ASSERT_TRUE(taken_up()) << member.story();
  one_fails(member, path);
}

}  // namespace
}  // namespace sluice::test
