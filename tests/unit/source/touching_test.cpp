// GCC 12 takes parts of std::regex for uninitialised when it instruments them (GCC bug 105562).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"

#include <gtest/gtest.h>

#include <regex>

#include "source/stream_filter.hpp"

namespace sluice::source {
namespace {

struct Row {
  std::vector<std::string> fields;
  std::vector<std::string> matching;
  std::vector<std::string> others;
};

const Row rows[]{
    {{"name"},
     {"name", "name.first", "name.0", "name.line\nbreak", "name."},
     {"names", "nam", "xname", "a.name", "", "name\n.x y"}},
    {{"author.name"},
     {"author", "author.name", "author.name.first"},
     {"author.image", "author.names", "authors", "authors.name", "author.image.name", "authorXname"}},
    {{"items[].name"},
     {"items", "items.0", "items.17", "items.17.name", "items.17.name.x"},
     {"items.name", "items.17.price", "items.x.name", "items.17.names", "items.1x"}},
    {{"a.b[].c.d"},
     {"a", "a.b", "a.b.0", "a.b.0.c", "a.b.0.c.d", "a.b.0.c.d.e"},
     {"a.c", "a.b.c", "a.b.0.d", "a.b.0.c.e"}},
    {{"items[]"}, {"items", "items.3", "items.3.x"}, {"items.x", "item"}},
    {{"username", "image", "bio"},
     {"username", "image", "bio", "bio.x"},
     {"email", "usernameimage", "username|image"}},
    {{"a.b", "a.c"}, {"a", "a.b", "a.c", "a.c.x"}, {"a.d", "b", "c"}},
    {{"c++ (odd) [x] {y} ^$|?*\\/-name"}, {"c++ (odd) [x] {y} ^$|?*\\/-name"}, {"c", "c++", "c++ (odd)"}},
    {{"größe"}, {"größe", "größe.x"}, {"gr", "größer"}},
};

std::string touching(const std::vector<std::string>& fields) {
  return touched_names({{.collection = "c", .fields = fields}});
}

TEST(Touching, HoldsForTheNamesThatTouchAField) {
  for (const Row& row : rows) {
    const std::string pattern = touching(row.fields);
    const std::regex regex(pattern);
    for (const auto& name : row.matching)
      EXPECT_TRUE(std::regex_search("c " + name, regex)) << pattern << " on " << name;
    for (const auto& name : row.others)
      EXPECT_FALSE(std::regex_search("c " + name, regex)) << pattern << " on " << name;
  }
}

TEST(Touching, IsAPlainPattern) {
  EXPECT_EQ(touching({"name"}), R"(^(c (name(\.[\s\S]*)?))$)");
  EXPECT_EQ(touching({"author.name", "bio"}), R"(^(c (author(\.name(\.[\s\S]*)?)?|bio(\.[\s\S]*)?))$)");
  EXPECT_EQ(touching({"items[].name"}), R"(^(c (items(\.\d+(\.name(\.[\s\S]*)?)?)?))$)");
}

TEST(Touching, KeepsCollectionsApart) {
  const std::regex regex(
      touched_names({{.collection = "a", .fields = {"x"}}, {.collection = "b.c", .fields = {"y"}}}));
  EXPECT_TRUE(std::regex_search("a x.z", regex));
  EXPECT_TRUE(std::regex_search("b.c y", regex));
  EXPECT_FALSE(std::regex_search("a y", regex));
  EXPECT_FALSE(std::regex_search("b.c x", regex));
  EXPECT_FALSE(std::regex_search("bXc y", regex));
}

TEST(Touching, IsEmptyWhenNobodyReadsUpdates) {
  EXPECT_EQ(touched_names(
                {{.collection = "a", .fields = {}}, {.collection = "b", .updates = false, .fields = {"x"}}}),
            "");
}

}  // namespace
}  // namespace sluice::source
