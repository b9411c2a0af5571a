#include <set>

#include "support/calling.hpp"

namespace sluice::test {
namespace {

/// Requests that hold a list, and rules that a slow service is not to hold up.
class WebhookBatch : public CallingTest {
 protected:
  static constexpr const char* settings =
      "      payload: document\n      batch: { size: 50 }\n      linger_ms: 100\n";

  struct Told {
    std::string operation;
    std::string id;
    int n;
  };
  /// What the lists held, in the order in which they came.
  std::vector<Told> told() {
    std::vector<Told> all;
    for (const WebRequest& request : taken()) {
      const Document list(R"({"l":)" + request.body + "}");
      for (int i = 0; list.has("l." + std::to_string(i)); ++i) {
        const std::string at = "l." + std::to_string(i);
        EXPECT_TRUE(ids_.insert(list.text(at + ".id")).second) << "told twice";
        all.push_back({request.header("sluice-operation"), list.value(at + ".body._id"),
                       static_cast<int>(list.integer(at + ".body.n", -1))});
      }
    }
    return all;
  }

  std::set<std::string> ids_;
};

TEST_F(WebhookBatch, GroupsByOperationAndKeepsEachDocumentsOrder) {
  constexpr int documents = 40;
  constexpr int rounds = 5;
  start(hook_file(std::string(settings) + "      full_document: required\n")).ready();
  write_numbers(documents, rounds);
  db().remove_many("items", R"({"_id":{"$lt":10}})");
  ASSERT_TRUE(settled());
  std::map<std::string, int> last;
  const auto all = told();
  EXPECT_EQ(all.size(), static_cast<std::size_t>(documents * (rounds + 1) + 10));
  for (const Told& one : all) {
    if (one.operation == "delete") {
      EXPECT_EQ(last[one.id], rounds) << one.id;
      continue;
    }
    EXPECT_EQ(one.operation, one.n == 0 ? "insert" : "update");
    if (one.n > 0) {
      EXPECT_EQ(last[one.id], one.n - 1) << one.id;
    }
    last[one.id] = one.n;
  }
  EXPECT_LT(taken().size(), all.size() / 2) << "they go together";
}

/// One that the service refuses is found, and the others are taken.
TEST_F(WebhookBatch, OneOfManyThatIsRefusedIsADeadLetter) {
  service().answer([](const WebRequest& request) {
    const Document list(R"({"l":)" + request.body + "}");
    bool bad = false;
    for (int i = 0; list.has("l." + std::to_string(i)); ++i)
      bad |= list.integer("l." + std::to_string(i) + ".body.n") == 7;
    return WebAnswer{.status = bad ? 422 : 200};
  });
  start(hook_file(settings)).ready();
  for (int i = 0; i < 20; ++i)
    db().insert("items", "{\"_id\":" + std::to_string(i) + ",\"n\":" + std::to_string(i) + "}");
  ASSERT_TRUE(soon([&] { return state().count("dead_letters") == 1; }));
  ASSERT_TRUE(settled());
  EXPECT_EQ(told().size(), 19U);
  EXPECT_EQ(state().find_one("dead_letters")->integer("error.code"), 422);
}

/// A service that takes no answer at all holds up neither what is written nor another service.
TEST_F(WebhookBatch, ASlowServiceHoldsUpNoOtherRule) {
  WebService slow;
  slow.answer(WebAnswer{.way = WebAnswer::Way::silence});
  const auto hook = [](const std::string& name, const std::string& origin) {
    return "  - name: " + name + "\n    webhook: { from: items, url: \"" + origin + "/x\" }\n";
  };
  start(file(hook("slow", slow.origin()) + hook("fast", service().origin()) +
             "  - name: note\n    write: { from: items, into: notes, values: { item: NEW._id } }\n"),
        {"--queue-events", "200"})
      .ready();
  constexpr int documents = 2000;
  for (int i = 0; i < documents; ++i) db().insert("items", "{\"_id\":" + std::to_string(i) + "}");
  EXPECT_TRUE(soon([&] { return service().count() == documents && db().count("notes") == documents; }))
      << service().count() << " " << db().count("notes");
  EXPECT_LT(slow.count(), 200U) << "its queue is full, and it is waited for";
  forget_workers();
}

/// A trigger's service is called by the worker that runs.
TEST_F(WebhookBatch, ATriggerCalls) {
  const std::string rules =
      file("  - name: note\n    write: { from: items, into: notes, values: { n: 1 } }\n");
  start(rules).ready();
  const Outcome made = run_sluice(
      here_run({"trigger", "create", rules,
                "CREATE TRIGGER paid AFTER UPDATE OF state ON items WHEN NEW.state = 'paid' DO CALL PUT '" +
                    service().origin() +
                    "/orders/{id}' HEADER 'X-Coll' = '{coll}' BODY (total) VALUES (NEW.total * 2)"}));
  ASSERT_EQ(made.exit_code, 0) << made.err;
  ASSERT_TRUE(worker().logs(db().database() + ":triggers.paid: streaming")) << worker().story();
  db().insert("items", R"({"_id":1,"total":21})");
  db().update("items", R"({"_id":1})", R"({"$set":{"state":"open"}})");
  db().update("items", R"({"_id":1})", R"({"$set":{"state":"paid"}})");
  ASSERT_TRUE(comes(1));
  const WebRequest request = service().requests().front();
  EXPECT_EQ(request.method, "PUT");
  EXPECT_EQ(request.target, "/orders/1");
  EXPECT_EQ(request.header("x-coll"), "items");
  EXPECT_EQ(Document(request.body).integer("total"), 42);
  EXPECT_EQ(run_sluice(here_run({"trigger", "drop", rules, "paid"})).exit_code, 0);
  EXPECT_TRUE(worker().logs(db().database() + ":triggers.paid: stopped"));
}

}  // namespace
}  // namespace sluice::test
