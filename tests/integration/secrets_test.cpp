#include "support/fixture.hpp"

namespace sluice::test {
namespace {

/// What a person sees of rules that hold secrets.
class Secrets : public PipelineTest {
 protected:
  static constexpr const char* hook =
      "  - name: hook\n    webhook:\n      from: items\n"
      "      url: \"https://127.0.0.1:1/x?token=hush&a=b\"\n"
      "      headers: { Authorization: \"Bearer hush\", X-Api-Key: hush, X-Plain: shown }\n"
      "      secret: hush\n";
  static constexpr const char* trigger =
      "CREATE TRIGGER told AFTER INSERT ON items DO CALL 'https://127.0.0.1:1/x?token=hush&a=b' "
      "HEADER 'Authorization' = 'Bearer hush' HEADER 'X-Plain' = 'shown'";

  /// The command ends well and shows of the secrets nothing but that they are there.
  static void expect_masked(const Outcome& outcome, bool json = false) {
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ((outcome.out + outcome.err).find("hush"), std::string::npos) << outcome.out << outcome.err;
    EXPECT_NE(outcome.out.find("***"), std::string::npos) << outcome.out;
    EXPECT_NE(outcome.out.find("shown"), std::string::npos) << outcome.out;
    if (json) return;
    EXPECT_EQ(outcome.out.find("\\n"), std::string::npos) << "lines are lines: " << outcome.out;
  }
};

TEST_F(Secrets, AreMaskedWhereARuleIsTried) {
  const TemporaryDirectory folder;
  const std::string event = folder.write(
      "event.json", R"({"operationType":"insert","ns":{"coll":"items"},"fullDocument":{"_id":1}})");
  expect_masked(run_sluice(here_run({"try", file(hook), "hook", "--event", event})));
}

TEST_F(Secrets, AreMaskedWhereTriggersAreListedAndExplained) {
  const std::string none = file("  []\n");
  expect_masked(run_sluice(here_run({"trigger", "explain", none, trigger})));
  const Outcome created = run_sluice(here_run({"trigger", "create", none, trigger}));
  ASSERT_EQ(created.exit_code, 0) << created.err;
  expect_masked(run_sluice(here_run({"trigger", "list", none})));
  expect_masked(run_sluice(here_run({"trigger", "list", none, "--json"})), true);
  expect_masked(run_sluice(here_run({"trigger", "explain", none, "told"})));
  const TemporaryDirectory folder;
  const std::string event = folder.write(
      "event.json", R"({"operationType":"insert","ns":{"coll":"items"},"fullDocument":{"_id":1}})");
  expect_masked(run_sluice(here_run({"try", none, "told", "--event", event})));
}

}  // namespace
}  // namespace sluice::test
