#include "worker/library/handler_settings.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(HandlerSettings, SayWhatARuleInAFileWould) {
  const HandlerOptions options{.operations = {Operation::update, Operation::remove},
                               .fields = {"a", "b.c"},
                               .when = "NEW.\"a\" = 'x: {y}'",
                               .where = R"({"$eq": ["$ns.coll", "orders"]})",
                               .after = FullDocument::look_up,
                               .before = BeforeImage::required,
                               .ignore_own_writes = true};
  const Settings settings = handler_settings("orders", options);
  EXPECT_EQ(settings.text("from"), "orders");
  EXPECT_EQ(settings.texts("operations"), (std::vector<std::string>{"update", "delete"}));
  EXPECT_EQ(settings.texts("fields"), (std::vector<std::string>{"a", "b.c"}));
  EXPECT_EQ(settings.text("when"), "NEW.\"a\" = 'x: {y}'");
  EXPECT_EQ(settings.json("where"), R"({"$eq": ["$ns.coll", "orders"]})");
  EXPECT_EQ(settings.text("full_document"), "updateLookup");
  EXPECT_EQ(settings.text("before"), "required");
  EXPECT_EQ(settings.text("own_writes"), "ignore");
}

TEST(HandlerSettings, LeaveImagesToTheConditionWhereNoneAreAskedFor) {
  const Settings settings = handler_settings("orders", {});
  EXPECT_FALSE(settings.has("full_document"));
  EXPECT_FALSE(settings.has("before"));
  EXPECT_FALSE(settings.has("fields")) << "every update";
}

}  // namespace
}  // namespace sluice
