#include "requirements/fingerprints.hpp"

#include <gtest/gtest.h>

#include <set>

#include "unit/rules/realworld.hpp"

namespace sluice::requirements {
namespace {

/// The hash is of the pipeline's bytes: what the rules of RealWorld send to the server, and under which they
/// stored their positions, stays the same whatever else rules learn to ask for.
TEST(Fingerprints, OfRealWorldStayWhatTheyWere) {
  const Rules rules = test::realworld_rules();
  source::StreamFilter filter = filter_of(rules);
  EXPECT_EQ(filter_hash(filter), "8e06aa26b65e80af");
  filter = filter_of(rules, 4, 2);
  EXPECT_EQ(filter_hash(filter), "5c205e0a5ff20247");
  filter.detail = Detail::needed;
  EXPECT_EQ(filter_hash(filter), "520505901f3fa31b");
  EXPECT_EQ(options_hash("conduit", rules), "b08dfa481b51a4ec");
}

/// What versions without a shared cursor compare with the hash of their own filter. It must not be that one,
/// since a shared cursor's position may be at an event that their filter drops.
TEST(Fingerprints, OfAPositionAreNotThoseOfAFilter) {
  const Rules rules = test::realworld_rules();
  const source::StreamFilter filter = filter_of(rules, 4, 2);
  EXPECT_NE(position_hash({}, rules, filter), filter_hash(filter));
  EXPECT_NE(position_hash({}, rules, filter), position_hash({}, rules, filter_of(rules, 4, 1)));
}

/// A window of another length is taken for inexact where it is restored; a start with it is not refused.
TEST(Fingerprints, LeaveOutHowLongRepetitionsAreDropped) {
  std::set<std::string> options;
  for (const char* conduct : {"", ", dedup_s: 5", ", dedup_s: 60", ", linger_ms: 7"}) {
    const Rules rules = rules::make_rules(
        {"main",
         "mongodb://nowhere",
         "db",
         {test::rule_config("out", "write",
                            std::string("{from: users, into: t, values: {a: NEW.a}") + conduct + "}")}});
    options.insert(options_hash("db", rules));
  }
  EXPECT_EQ(options.size(), 1u);
}

TEST(Fingerprints, DifferByEverythingThatARuleReads) {
  std::set<std::string> options;
  std::set<std::string> filters;
  const std::vector<std::string> selections{"operations: [insert]",
                                            "operations: [update]",
                                            "operations: [update], fields: [a]",
                                            "operations: [update], fields: [b]",
                                            "where: $fullDocument.a",
                                            "where: $fullDocument.b",
                                            "redact: [a]",
                                            "redact: [b]",
                                            "project: [a]",
                                            "project: [b]",
                                            "full_document: updateLookup",
                                            "full_document: whenAvailable",
                                            "full_document: required",
                                            "before: whenAvailable",
                                            "before: required",
                                            "own_writes: ignore"};
  for (const std::string& selection : selections) {
    const Rules rules = rules::make_rules(
        {"main",
         "mongodb://nowhere",
         "db",
         {test::rule_config("out", "publish", "{from: users, stream: s, " + selection + "}")}});
    options.insert(options_hash("db", rules));
    filters.insert(filter_hash(filter_of(rules)));
  }
  EXPECT_EQ(options.size(), selections.size());
  // The images and whose changes are left out are no stages: the same events come.
  EXPECT_EQ(filters.size(), selections.size() - 5);
}

}  // namespace
}  // namespace sluice::requirements
