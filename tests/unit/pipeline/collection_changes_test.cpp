#include "pipeline/collection_changes.hpp"

#include <gtest/gtest.h>

#include "unit/rules/realworld.hpp"

namespace sluice::pipeline {
namespace {

CollectionChange renamed(const std::string& watched, const std::string& other, bool came) {
  return {Operation::rename, "shop", watched, other, came};
}

TEST(CollectionChanges, AreSaidOfTheWatchedCollection) {
  EXPECT_EQ(in_words({Operation::drop, "shop", "orders"}), "the collection shop.orders was dropped");
  EXPECT_EQ(in_words({Operation::drop_database, "shop"}), "the database shop was dropped");
  EXPECT_EQ(in_words(renamed("orders", "old", false)), "the collection shop.orders was renamed to shop.old");
  EXPECT_EQ(in_words(renamed("orders", "staging", true)),
            "the collection shop.staging was renamed to shop.orders, replacing it");
}

TEST(CollectionChanges, WhatOutReplacesIsNotCalledByItsTemporaryName) {
  EXPECT_EQ(in_words(renamed("orders", "tmp.agg_out.11d0e5c8-9d0c", true)),
            "the collection shop.orders was replaced as a whole by an aggregation's $out");
  EXPECT_EQ(in_words(renamed("orders", "tmp.mr.orders_1", true)),
            "the collection shop.orders was replaced as a whole by a mapReduce");
}

TEST(CollectionChanges, EachRuleThatIsNotToldHasARemedy) {
  const auto rules =
      rules::make_rules({"s",
                         "",
                         "shop",
                         {test::rule_config("out", "publish", "{from: orders}"),
                          test::rule_config("keys", "cache", "{from: orders, delete: 'o:{id}'}"),
                          test::rule_config("log", "event_store", "{from: orders, into: log}")}});
  const std::vector<const Rule*> all{rules[0].get(), rules[1].get(), rules[2].get()};
  EXPECT_EQ(without_effect({Operation::drop, "shop", "orders"}, all),
            "; rule 'out' sends no message about it (it would with operations: [insert, update, replace, "
            "delete, drop]); rule 'keys' cannot know the keys of its documents: flush them in Redis; rule "
            "'log' writes nothing for this");
  EXPECT_EQ(
      without_effect(renamed("orders", "x", true), {rules[0].get()}),
      "; rule 'out' sends no message about it (it would with operations: [insert, update, replace, "
      "delete, rename]); to publish its present documents, run: sluice snapshot FILE --rule out --collection "
      "orders");
}

}  // namespace
}  // namespace sluice::pipeline
