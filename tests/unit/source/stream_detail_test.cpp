#include "source/stream_detail.hpp"

#include <gtest/gtest.h>

#include "unit/bson/json.hpp"

namespace sluice::source {
namespace {

class StreamDetail : public testing::Test {
 protected:
  /// The $project of the filter; absent where there is none.
  bson::View project(const StreamFilter& filter) {
    out_.clear();
    out_.open_array("stages");
    append_detail(out_, filter);
    return out_.finish().at("stages").document().at("0").document().at("$project").document();
  }
  static std::vector<std::string> shown(bson::View project) {
    std::vector<std::string> names;
    for (const auto& [name, value] : project) {
      if (value.integer() == 1) names.emplace_back(name);
    }
    return names;
  }

  bson::Builder out_;
};

const std::vector<std::string> always{"operationType", "clusterTime", "wallTime", "ns", "to", "documentKey"};

std::vector<std::string> with_always(std::vector<std::string> more) {
  more.insert(more.begin(), always.begin(), always.end());
  return more;
}

TEST_F(StreamDetail, LeavesWholeEventsAlone) {
  EXPECT_FALSE(project({{{.collection = "c", .fields = {"a"}}}}));
}

TEST_F(StreamDetail, ShowsWhatIsReadAndSaysThatThereIsMore) {
  StreamFilter filter{{{.collection = "c", .fields = {"b.c", "a", "b"}},
                       {.collection = "d", .fields = {"items[].name", "b.cd"}}}};
  filter.detail = Detail::needed;
  const bson::View slim = project(filter);
  EXPECT_EQ(shown(slim), with_always({"fullDocument.a", "fullDocument.b", "fullDocument.items.name"}));
  EXPECT_EQ(slim.at_path("sluiceDetail").document().at("$literal").integer(), 1);
  EXPECT_TRUE(slim.at("updateDescription"));
  EXPECT_FALSE(slim.at("sluiceDottedNames")) << "of interest only beside a pre-image";
}

TEST_F(StreamDetail, ShowsOfPreImagesTheSameAndWhetherTheyHoldDottedNames) {
  StreamFilter filter{{{.collection = "c", .fields = {"a.b.c"}, .before = BeforeImage::when_available}}};
  filter.detail = Detail::needed;
  const bson::View slim = project(filter);
  EXPECT_EQ(shown(slim), with_always({"fullDocument.a.b.c", "fullDocumentBeforeChange.a.b.c"}));
  std::size_t holders = 0;
  for ([[maybe_unused]] const auto& one : slim.at("sluiceDottedNames").document().at("$or").document())
    ++holders;
  EXPECT_EQ(holders, 3U) << "the document, a, and a.b";
}

TEST_F(StreamDetail, ShowsTheSessionWhereARuleLeavesOutOwnWrites) {
  StreamFilter filter = filter_of(number_subscriptions(
      std::vector<Subscription>{{.collection = "c", .fields = {"a"}, .exact = true, .ignores_own = true}}));
  for (const Detail detail : {Detail::needed, Detail::key_only}) {
    filter.detail = detail;
    EXPECT_EQ(project(filter).at("lsid").integer(), 1);
  }
  filter.with_session = false;
  EXPECT_FALSE(project(filter).at("lsid"));
}

TEST_F(StreamDetail, ShowsOnlyTheKeyInTheEnd) {
  StreamFilter filter{{{.collection = "c", .fields = {"a"}, .before = BeforeImage::when_available}}};
  filter.detail = Detail::key_only;
  const bson::View key = project(filter);
  EXPECT_EQ(shown(key), always);
  EXPECT_EQ(key.at("sluiceDetail").document().at("$literal").integer(), 2);
  EXPECT_FALSE(key.at("updateDescription"));
}

}  // namespace
}  // namespace sluice::source
