#include "sluice/collection_set.hpp"
#include "unit/refusal.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace sluice {
namespace {

using Items = std::vector<std::string>;

/// Those of `names` that are in the set.
Items in_set(const Items& items, const Items& names, const Items& hidden = {}) {
  const CollectionSet set(items, hidden);
  Items found;
  for (const std::string& name : names) {
    if (set.contains(name)) found.push_back(name);
  }
  return found;
}

std::string refusal(const Items& items) {
  return test::refusal_of<std::invalid_argument>([&] { const CollectionSet set(items); });
}

TEST(CollectionSet, AGlobMatchesTheWholeName) {
  const Items names{"orders", "orders_eu", "orders_", "my_orders_eu", "Orders_eu", "orders.eu"};
  EXPECT_EQ(in_set({"orders_*"}, names), (Items{"orders_eu", "orders_"}));
  EXPECT_EQ(in_set({"orders?eu"}, names), (Items{"orders_eu", "orders.eu"}));
  EXPECT_EQ(in_set({"*"}, names), names);
  EXPECT_EQ(in_set({"*_eu"}, names), (Items{"orders_eu", "my_orders_eu", "Orders_eu"}));
}

TEST(CollectionSet, InAGlobEverythingElseMeansItself) {
  const Items names{"a.b(c)+x", "aXb(c)+x", "a.b[c]x", "a^b'x", "a\\b-x", "\xc3\xa4x", "a\nx"};
  EXPECT_EQ(in_set({"a.b(c)+*"}, names), Items{"a.b(c)+x"});
  EXPECT_EQ(in_set({"a.b[c]*"}, names), Items{"a.b[c]x"});
  EXPECT_EQ(in_set({"a^b'*"}, names), Items{"a^b'x"});
  EXPECT_EQ(in_set({"a\\b-*"}, names), Items{"a\\b-x"});
  EXPECT_EQ(in_set({"?x"}, names), Items{"\xc3\xa4x"}) << "one character, of two bytes";
  EXPECT_EQ(in_set({"a?x"}, names), Items{"a\nx"});
}

TEST(CollectionSet, ARegularExpressionMatchesAnywhereUnlessItSaysOtherwise) {
  const Items names{"orders_1", "orders_12", "orders_x", "old_orders_1"};
  EXPECT_EQ(in_set({R"(/^orders_\d+$/)"}, names), (Items{"orders_1", "orders_12"}));
  EXPECT_EQ(in_set({R"(/orders_\d/)"}, names), (Items{"orders_1", "orders_12", "old_orders_1"}));
  EXPECT_EQ(in_set({"/(?i)^ORDERS_X/"}, names), Items{"orders_x"});
}

TEST(CollectionSet, ListsMixAndExclude) {
  const Items names{"users", "orders_1", "orders_2", "tmp_orders", "tmp_1"};
  EXPECT_EQ(in_set({"users", "orders_*"}, names), (Items{"users", "orders_1", "orders_2"}));
  EXPECT_EQ(in_set({"*", "!tmp_*"}, names), (Items{"users", "orders_1", "orders_2"}));
  EXPECT_EQ(in_set({"!orders_2", "*", "!/^tmp/"}, names), (Items{"users", "orders_1"}));
  EXPECT_EQ(in_set({"*"}, names, {"users"}), (Items{"orders_1", "orders_2", "tmp_orders", "tmp_1"}));
}

TEST(CollectionSet, TheServersOwnCollectionsAreInNone) {
  const Items names{"system.views", "system.buckets.x", "tmp.agg_out.4711",
                    "tmp.mr.c_1",   "tmp.mine",         "systems"};
  EXPECT_EQ(in_set({"*"}, names), (Items{"tmp.mine", "systems"}));
  EXPECT_EQ(in_set({"/system|agg_out/"}, names), Items{"systems"});
  EXPECT_EQ(in_set({"*"}, {"\xff\xfe", "a"}), Items{"a"}) << "a name that is not UTF-8";
}

TEST(CollectionSet, ItsTextIsWhatWasStated) {
  EXPECT_EQ(CollectionSet({"*", "!tmp_*"}, {"hidden"}).text(), "*, !tmp_*");
}

TEST(CollectionSet, SharingIsRuledOutByTheFixedStarts) {
  const auto may_share = [](const Items& one, const Items& other) {
    const bool result = CollectionSet(one).may_share(CollectionSet(other));
    EXPECT_EQ(CollectionSet(other).may_share(CollectionSet(one)), result);
    return result;
  };
  EXPECT_FALSE(may_share({"orders_*"}, {"users_*"}));
  EXPECT_TRUE(may_share({"orders_*"}, {"orders_eu_*"}));
  EXPECT_TRUE(may_share({"orders_*"}, {"*"}));
  EXPECT_TRUE(may_share({"orders_*"}, {"/^users/"}));
  EXPECT_TRUE(may_share({"orders_*", "x*"}, {"users_*", "xy"}));
}

TEST(CollectionSet, WhatCannotBeUsedIsRefusedWithTheReason) {
  EXPECT_EQ(refusal({"/(/"}),
            "'/(/' is not a valid regular expression: missing closing parenthesis (at character 2)");
  EXPECT_EQ(refusal({"//"}), "'//' is not a valid regular expression: it is empty");
  EXPECT_NE(refusal({"/^a/i"}).find("begins with a slash"), std::string::npos);
  EXPECT_EQ(refusal({"!tmp_*"}), "'!tmp_*' only excludes: state what is included before it, such as '*'");
  EXPECT_EQ(refusal({"users", "!tmp"}), "'users, !tmp' excludes from a pattern, and states none");
  EXPECT_NE(refusal({"*" + std::string(1'000, 'a')}).find("at most 1000 bytes, this one 1001"),
            std::string::npos);
  EXPECT_NE(refusal(Items(101, "a*")).find("at most 100"), std::string::npos);
}

}  // namespace
}  // namespace sluice
