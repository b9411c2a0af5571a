#include "source/own_writes.hpp"

#include <gtest/gtest.h>

#include "unit/bson/json.hpp"

namespace sluice::source {
namespace {

bson::Uuid uuid(int number) {
  bson::Uuid made{};
  std::memcpy(made.data(), &number, sizeof number);
  return made;
}

TEST(Uuids, AreReadAndWritten) {
  bson::Builder out;
  out.append("id", bson::UuidValue(uuid(7)).value());
  const bson::View view = out.finish();
  EXPECT_EQ(bson::uuid_of(view.at("id")), uuid(7));
  EXPECT_EQ(bson::uuid_of(view.at("other")), std::nullopt);
}

TEST(Uuids, AreNoOtherBinaries) {
  test::Store store;
  const auto value = [&](const char* type) {
    return store.value(R"({"$binary":{"base64":"AAAAAAAAAAAAAAAAAAAAAA==","subType":")" + std::string(type) +
                       "\"}}");
  };
  EXPECT_EQ(bson::uuid_of(value("04")), bson::Uuid{});
  EXPECT_EQ(bson::uuid_of(value("00")), std::nullopt);
  EXPECT_EQ(bson::uuid_of(value("03")), std::nullopt) << "the old way, in which drivers order the bytes";
  EXPECT_EQ(bson::uuid_of(store.value(R"({"$binary":{"base64":"AAAA","subType":"00"}})")), std::nullopt);
  EXPECT_EQ(bson::uuid_of(store.value(R"("text")")), std::nullopt);
}

TEST(KnownSessionsTest, AreKnownOnceTheyWerePut) {
  KnownSessions known;
  EXPECT_EQ(known.find(uuid(1)), std::nullopt);
  known.put(uuid(1), true);
  known.put(uuid(2), false);
  EXPECT_EQ(known.find(uuid(1)), true);
  EXPECT_EQ(known.find(uuid(2)), false);
}

TEST(KnownSessionsTest, AreBoundedAndThoseInUseStay) {
  KnownSessions known(10);
  known.put(uuid(0), true);
  for (int i = 1; i < 1000; ++i) {
    known.put(uuid(i), false);
    EXPECT_EQ(known.find(uuid(0)), true) << i;
    EXPECT_LE(known.size(), 20U);
  }
  EXPECT_EQ(known.find(uuid(1)), std::nullopt);
}

}  // namespace
}  // namespace sluice::source
