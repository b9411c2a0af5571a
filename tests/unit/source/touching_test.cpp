#include <gtest/gtest.h>

#include "source/stream_filter.hpp"
#include "unit/source/expression.hpp"

namespace sluice::source {
namespace {

struct Row {
  std::vector<std::string> fields;
  std::vector<std::string> matching;
  std::vector<std::string> others;
};

const Row rows[]{
    {{"name"},
     {"name", "name.first", "name.0", "name.line\nbreak", "name.", "name.\xff"},
     {"names", "nam", "xname", "a.name", "", "name\n.x y", "\xff"}},
    {{"author.name"},
     {"author", "author.name", "author.name.first"},
     {"author.image", "author.names", "authors", "authors.name", "author.image.name", "authorXname",
      "author.\xff"}},
    {{"items[].name"},
     {"items", "items.0", "items.17", "items.17.name", "items.17.name.x"},
     {"items.17.price", "items.17.names", "itemsx.1", "name"}},
    {{"a.b[].c.d"},
     {"a", "a.b", "a.b.0", "a.b.0.c", "a.b.0.c.d", "a.b.0.c.d.e"},
     {"a.c", "a.b.0.d", "a.b.0.c.e"}},
    {{"items[]"}, {"items", "items.3", "items.3.x"}, {"item"}},
    {{"username", "image", "bio"},
     {"username", "image", "bio", "bio.x"},
     {"email", "usernameimage", "username|image"}},
    {{"a.b", "a.c"}, {"a", "a.b", "a.c", "a.c.x"}, {"a.d", "b", "c"}},
    {{"c++ (odd) [x] {y} ^$|?*\\/-name"}, {"c++ (odd) [x] {y} ^$|?*\\/-name"}, {"c", "c++", "c++ (odd)"}},
    {{"größe"}, {"größe", "größe.x"}, {"gr", "größer"}},
};

bool touches(const std::vector<Subscription>& subscriptions, const std::string& collection,
             const std::string& name) {
  bson::Builder out;
  out.open("e");
  append_touches(out, subscriptions, "$$this");
  test::Expression expression({{"$ns.coll", collection}, {"$$this", name}});
  return std::get<bool>(expression.of(out.finish().at("e")));
}

TEST(Touching, HoldsForTheNamesThatTouchAField) {
  for (const Row& row : rows) {
    const std::vector<Subscription> subscriptions{{.collection = "c", .fields = row.fields}};
    for (const auto& name : row.matching)
      EXPECT_TRUE(touches(subscriptions, "c", name)) << row.fields[0] << " and " << name;
    for (const auto& name : row.others)
      EXPECT_FALSE(touches(subscriptions, "c", name)) << row.fields[0] << " and " << name;
  }
}

TEST(Touching, KeepsCollectionsApart) {
  const std::vector<Subscription> subscriptions{{.collection = "a", .fields = {"x"}},
                                                {.collection = "b.c", .fields = {"y", "z.q"}}};
  EXPECT_TRUE(touches(subscriptions, "a", "x.z"));
  EXPECT_TRUE(touches(subscriptions, "b.c", "y"));
  EXPECT_TRUE(touches(subscriptions, "b.c", "z.q"));
  EXPECT_FALSE(touches(subscriptions, "a", "y"));
  EXPECT_FALSE(touches(subscriptions, "a", "z.q"));
  EXPECT_FALSE(touches(subscriptions, "b.c", "x"));
  EXPECT_FALSE(touches(subscriptions, "b", "c.y"));
}

TEST(Touching, HoldsForNothingWhenNobodyReadsUpdates) {
  EXPECT_FALSE(touches(
      {{.collection = "a", .fields = {}}, {.collection = "b", .updates = false, .fields = {"x"}}}, "b", "x"));
}

}  // namespace
}  // namespace sluice::source
