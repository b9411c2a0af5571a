#include "support/fixture.hpp"

namespace sluice::test {
namespace {

/// How the targets of a rule come to be as they should.
enum class Way : std::uint8_t { worker, backfill, repair };

/// Targets that refer to no source, of every kind and under each `on_delete`. A worker, a backfill and a
/// repair have one answer for each. Only a worker that reads of a source's deletion removes anything: what
/// stands in the collections does not tell a source that was deleted from one that is still to come.
class Orphans : public PipelineTest, public testing::WithParamInterface<std::tuple<std::string, Way>> {
 protected:
  static const std::string& on_delete() { return std::get<0>(GetParam()); }
  static Way way() { return std::get<1>(GetParam()); }

  std::string rules() const {
    return file(R"(
  - name: copies
    embed:
      from: users
      on_delete: )" +
                on_delete() + R"(
      into:
        - { collection: posts, reference: userId, set: { name: userName } }
        - { collection: teams, reference: "members[].userId", set: { name: "members[].name" } }
)");
  }

  /// Every kind of reference, as a document's own and in an array; each beside a copy of somebody's making.
  void write_everything() {
    db().insert("users", R"({"_id":1,"name":"ann"})");
    db().insert("users", R"({"_id":2,"name":"bob"})");
    db().insert("posts", R"({"_id":"never","userId":99,"userName":"typed"})");
    db().insert("posts", R"({"_id":"null","userId":null,"userName":"typed"})");
    db().insert("posts", R"({"_id":"missing","userName":"typed"})");
    db().insert("posts", R"({"_id":"list","userId":[99],"userName":"typed"})");
    db().insert("posts", R"({"_id":"ann","userId":1})");
    db().insert("posts", R"({"_id":"bob","userId":2})");
    db().insert("teams", R"({"_id":1,"members":[
        {"userId":99,"name":"typed"},{"userId":null,"name":"typed"},{"name":"typed"},
        {"userId":[99],"name":"typed"},{"userId":1},{"userId":2}]})");
  }

  Outcome verify(std::vector<std::string> flags = {}) {
    return run_sluice(here_run({"verify", rules()}, std::move(flags)));
  }

  void bring_about() {
    if (way() == Way::worker) start(rules()).ready();
    write_everything();
    if (way() == Way::backfill) start(rules(), {"--backfill"}).ready();
    if (way() == Way::repair) {
      const Outcome outcome = verify({"--repair"});
      EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
    } else {
      ASSERT_TRUE(settled());
    }
  }

  /// What becomes of a document or an element, told by what is left of its fields.
  std::string copied(const std::string& reference, const std::string& copy, const std::string& name) const {
    return R"({"userId":)" + reference + (copy.empty() ? "" : ",\"" + name + "\":\"" + copy + "\"") + "}";
  }

  /// `ann`, `bob`: what their copies hold; "gone": the document or element is not there.
  testing::AssertionResult all_are(const std::string& ann, const std::string& bob) {
    const std::string orphan = on_delete() == "unset" ? "" : "typed";
    const auto post = [&](const std::string& id, const std::string& reference, const std::string& copy) {
      if (copy == "gone") return vanishes("posts", "\"" + id + "\"");
      return becomes("posts", "\"" + id + "\"",
                     "{\"_id\":\"" + id + "\",\"userId\":" + reference +
                         (copy.empty() ? "" : ",\"userName\":\"" + copy + "\"") + "}");
    };
    std::string members;
    const auto member = [&](const std::string& reference, const std::string& copy) {
      if (copy != "gone") members += "," + copied(reference, copy, "name");
    };
    member("99", orphan);
    member("null", orphan);
    members += R"(,{"name":"typed"},{"userId":[99],"name":"typed"})";
    member("1", ann);
    member("2", bob);
    for (const auto& result : {post("never", "99", orphan), post("null", "null", orphan),
                               post("list", "[99]", "typed"), post("ann", "1", ann), post("bob", "2", bob),
                               becomes("posts", R"("missing")", R"({"_id":"missing","userName":"typed"})"),
                               becomes("teams", "1", R"({"_id":1,"members":[)" + members.substr(1) + "]}")}) {
      if (!result) return result;
    }
    return testing::AssertionSuccess();
  }

  /// Neither finds anything wrong with what the worker left, and a repair changes nothing.
  void nothing_differs() {
    const Outcome outcome = verify();
    EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
    const bool said =
        outcome.out.find("refers to users 99, which does not exist; left unchanged") != std::string::npos;
    EXPECT_EQ(said, on_delete() == "delete") << outcome.out;
    const Outcome repair = verify({"--repair"});
    EXPECT_EQ(repair.exit_code, 0) << repair.out << repair.err;
    EXPECT_EQ(repair.out.find("1 mended"), std::string::npos) << repair.out;
  }

  std::string after_deletion(const std::string& copy) const {
    return on_delete() == "keep" ? copy : on_delete() == "unset" ? "" : "gone";
  }
};

TEST_P(Orphans, HaveOneAnswer) {
  bring_about();
  EXPECT_TRUE(all_are("ann", "bob"));
  nothing_differs();
  EXPECT_TRUE(all_are("ann", "bob"));

  // A source that is deleted while a worker runs.
  if (way() == Way::repair) start(rules()).ready();
  db().remove("users", R"({"_id":2})");
  ASSERT_TRUE(settled());
  EXPECT_TRUE(all_are("ann", after_deletion("bob")));
  nothing_differs();
  EXPECT_TRUE(all_are("ann", after_deletion("bob")));

  // One that is deleted while none does is still to be read: until then it is not for a repair to judge.
  terminate_all();
  db().remove("users", R"({"_id":1})");
  nothing_differs();
  EXPECT_TRUE(all_are("ann", after_deletion("bob")));
  start(rules()).ready();
  ASSERT_TRUE(settled());
  EXPECT_TRUE(all_are(after_deletion("ann"), after_deletion("bob")));
  nothing_differs();
  EXPECT_TRUE(all_are(after_deletion("ann"), after_deletion("bob")));
}

/// A deletion that no worker ever reads: its targets are like those whose source never was.
TEST_P(Orphans, ADeletionThatNobodyReadsIsNotMadeUpFor) {
  start(rules()).ready();
  db().insert("users", R"({"_id":1,"name":"ann"})");
  db().insert("posts", R"({"_id":1,"userId":1})");
  db().insert("teams", R"({"_id":1,"members":[{"userId":1}]})");
  ASSERT_TRUE(becomes("posts", "1", R"({"_id":1,"userId":1,"userName":"ann"})"));
  ASSERT_TRUE(becomes("teams", "1", R"({"_id":1,"members":[{"userId":1,"name":"ann"}]})"));
  terminate_all();
  db().remove("users", R"({"_id":1})");
  if (way() == Way::backfill) {  // a whole rebuild, as after a lost position
    state().drop_database();
    start(rules(), {"--backfill"}).ready();
  } else {
    start(rules(), {"--restart-now"}).ready();
  }
  ASSERT_TRUE(settled());
  if (way() == Way::worker) {  // which looks at a target again when that changes
    db().update("posts", R"({"_id":1})", R"({"$set":{"userId":2}})");
    db().update("posts", R"({"_id":1})", R"({"$set":{"userId":1}})");
    db().update("teams", R"({"_id":1})", R"({"$set":{"members.0.userId":2}})");
    db().update("teams", R"({"_id":1})", R"({"$set":{"members.0.userId":1}})");
    ASSERT_TRUE(settled());
  }
  const Outcome outcome = verify({"--repair"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
  const std::string copy = on_delete() == "unset" ? "" : "ann";
  EXPECT_TRUE(
      becomes("posts", "1",
              std::string(R"({"_id":1,"userId":1)") + (copy.empty() ? "" : R"(,"userName":"ann")") + "}"));
  EXPECT_TRUE(becomes("teams", "1", R"({"_id":1,"members":[)" + copied("1", copy, "name") + "]}"));
}

std::string name_of_case(const testing::TestParamInfo<std::tuple<std::string, Way>>& info) {
  const Way way = std::get<1>(info.param);
  return std::get<0>(info.param) + "_by_" +
         (way == Way::worker     ? "worker"
          : way == Way::backfill ? "backfill"
                                 : "repair");
}

INSTANTIATE_TEST_SUITE_P(EachPolicy, Orphans,
                         testing::Combine(testing::Values("keep", "unset", "delete"),
                                          testing::Values(Way::worker, Way::backfill, Way::repair)),
                         name_of_case);

}  // namespace
}  // namespace sluice::test
