#include <gtest/gtest.h>

#include "sluice/arena.hpp"
#include "sluice/event.hpp"
#include "unit/bson/seed.hpp"
#include "unit/rules/model.hpp"

namespace sluice::test {
namespace {

/// A document, and the paths of up to three names in it and beside it.
std::vector<std::string> paths() {
  std::vector<std::string> result;
  for (const char* one : Generator::names) {
    result.emplace_back(one);
    for (const char* two : Generator::names) {
      result.push_back(std::string(one) + "." + two);
      for (const char* three : Generator::names) result.push_back(std::string(one) + "." + two + "." + three);
    }
  }
  return result;
}

std::string tell(const bson::Value& value) {
  if (!value) return "nothing";
  bson::Builder out;
  return out.append("v", value).finish().json();
}

TEST(ValueAfterProperty, EqualsTheDocumentAfterRandomUpdates) {
  const std::uint64_t seed = test::seed();
  SCOPED_TRACE(seed_line(seed));
  Generator random(seed);
  const std::vector<std::string> all_paths = paths();
  for (int round = 0; round < 500; ++round) {
    const Node before = random.document(4);
    Node after = before;
    for (unsigned i = 1 + random.below(4); i > 0; --i) random.change(after);
    bson::Builder before_bytes;
    append(before_bytes, "d", before);
    bson::Builder after_bytes;
    append(after_bytes, "d", after);
    Difference difference(before, after, random);
    const bson::View description = difference.description();

    ChangeEvent event;
    event.operation = Operation::update;
    event.before = before_bytes.finish().at("d").document();
    event.update = {description.at("updatedFields").document(),
                    description.at("removedFields").document(),
                    description.at("truncatedArrays").document(),
                    {}};
    const bson::View expected = after_bytes.finish().at("d").document();
    Arena arena;
    for (const std::string& path : all_paths) {
      const auto value = value_after(event, path, arena);
      ASSERT_TRUE(value) << "at " << path << "\nbefore " << event.before.json() << "\nupdate "
                         << description.json();
      const bson::Value got = *value;
      const bson::Value want = expected.at_path(path);
      ASSERT_EQ(got, want) << "at " << path << ": " << tell(got) << " is not " << tell(want) << "\nbefore "
                           << event.before.json() << "\nafter  " << expected.json() << "\nupdate "
                           << description.json() << "\nround " << round;
      if (event.before.at_path(path) == want) continue;
      ASSERT_TRUE(event.update.touches(path)) << path << " changed\nupdate " << description.json();
    }
  }
}

/// With names that hold dots, as the server tells of them and as it does not: exact in the first case, and in
/// the second exact or unclear.
TEST(ValueAfterProperty, IsNeverWrongWhereNamesHoldDots) {
  const std::uint64_t seed = test::seed();
  SCOPED_TRACE(seed_line(seed));
  Generator random(seed, {"a", "b", "a.b", "b.a", "0", "a.0"});
  const std::vector<std::string> all_paths = paths();
  int unclear = 0;
  for (int round = 0; round < 1500; ++round) {
    const Node before = random.document(3);
    Node after = before;
    for (unsigned i = 1 + random.below(3); i > 0; --i) random.change(after);
    bson::Builder before_bytes;
    append(before_bytes, "d", before);
    bson::Builder after_bytes;
    append(after_bytes, "d", after);
    Difference difference(before, after, random);
    const bson::View description = difference.description();
    ChangeEvent event;
    event.operation = Operation::update;
    event.before = before_bytes.finish().at("d").document();
    const bson::View expected = after_bytes.finish().at("d").document();
    for (const bool told : {true, false}) {
      // A new name with dots cannot be told from a path without the server's word.
      if (!told && difference.makes_dotted_names()) continue;
      if (told && difference.says_a_name_twice()) continue;
      event.update = {description.at("updatedFields").document(), description.at("removedFields").document(),
                      description.at("truncatedArrays").document(),
                      told ? description.at("disambiguatedPaths").document() : bson::View{}};
      Arena arena;
      for (const std::string& path : all_paths) {
        const auto got = value_after(event, path, arena);
        const bson::Value want = expected.at_path(path);
        unclear += got ? 0 : 1;
        ASSERT_TRUE(got || !told) << "at " << path << "\nbefore " << event.before.json() << "\nupdate "
                                  << description.json();
        if (got) {
          ASSERT_EQ(*got, want) << "at " << path << (told ? ", told" : "") << ": " << tell(*got) << " is not "
                                << tell(want) << "\nbefore " << event.before.json() << "\nafter  "
                                << expected.json() << "\nupdate " << description.json();
        }
        if (event.before.at_path(path) == want) continue;
        ASSERT_TRUE(event.update.touches(path)) << path << " changed\nupdate " << description.json();
      }
    }
  }
  EXPECT_GT(unclear, 0) << "no update was unclear: the test tests nothing";
}

}  // namespace
}  // namespace sluice::test
