#include "config/load.hpp"
#include "mongo/client.hpp"
#include "requirements/fingerprints.hpp"
#include "requirements/requirements.hpp"
#include "rules/registry.hpp"
#include "source/change_stream.hpp"
#include "source/id_hash.hpp"
#include "support/fixture.hpp"

namespace sluice::test {
namespace {

constexpr int partitions = 2;

/// What members of an earlier version find that take partitions over from this one.
class Upgrade : public PipelineTest {
 protected:
  Upgrade()
      : config_(config::load(realworld_file(),
                             {{"mongodb-uri", server().uri()},
                              {"database", db().database()},
                              {"state-database", state().database()}},
                             {})),
        rules_(rules::make_rules(config_.streams.front())),
        pool_(config_.streams.front(), 4, "upgrade test") {}

  std::unique_ptr<source::ChangeStream> stream_of(const source::StreamFilter& filter) {
    return std::make_unique<source::ChangeStream>(pool_,
                                                  source::StreamOptions{db().database(), filter, 100, 1000});
  }

  /// Where an event is, and the partition that handles it.
  struct Place {
    Position position;
    int partition = 0;
  };

  /// Writes documents until each partition has one, and returns where the last event of each is.
  std::vector<Place> write() {
    auto all = stream_of(requirements::filter_of(rules_));
    Position at;
    EXPECT_FALSE(all->open(std::nullopt, at));
    std::vector<Document> favorites;
    for (int i = 0; i < 20; ++i)
      favorites.emplace_back("{\"_id\":" + std::to_string(i) + ",\"articleId\":1}");
    db().insert("favorites", favorites);
    std::vector<Place> places(partitions);
    source::IdHasher hasher;
    for (std::size_t seen = 0; seen < favorites.size();) {
      std::unique_ptr<source::StreamBatch> batch;
      if (const auto error = all->next(batch)) {
        ADD_FAILURE() << error->message;
        break;
      }
      for (const bson::View document : batch->events) {
        ChangeEvent event;
        parse_event(document, event);
        const auto partition = static_cast<std::size_t>(hasher.hash(event.id) % partitions);
        places[partition] = {Position::of(event.token, event.cluster_time, true),
                             static_cast<int>(partition)};
        ++seen;
      }
    }
    return places;
  }

  const Config config_;
  const requirements::Rules rules_;
  mongo::ClientPool pool_;
};

/// The cursor that partitions share reads the events of all of them, so a stored position may be at an event
/// of another partition. A version in which each partition has a cursor opens it at the position's token,
/// unless another filter is stored with it: then it opens it by time.
TEST_F(Upgrade, APartitionThatGoesBackToACursorOfItsOwnFindsItsPosition) {
  db().insert("articles", R"({"_id":1,"favoritesCount":0})");
  start_member(realworld_file(), partitions).ready();
  const std::vector<Place> places = write();
  ASSERT_TRUE(settled(partitions));
  terminate_all();
  const auto shards = state().find("shards");
  ASSERT_EQ(shards.size(), static_cast<std::size_t>(partitions));
  for (const Document& shard : shards) {
    EXPECT_NE(shard.text("filterHash"), "");
    const int index = static_cast<int>(shard.integer("index"));
    const source::StreamFilter filter = requirements::filter_of(rules_, partitions, index);
    for (const Place& place : places) {
      auto stream = stream_of(filter);
      Position at;
      const bool filter_changed = shard.text("filterHash") != requirements::filter_hash(filter);
      auto error = stream->open(place.position, at, filter_changed);
      std::unique_ptr<source::StreamBatch> batch;
      if (!error) error = stream->next(batch);
      EXPECT_FALSE(error) << "partition " << index << " at an event of partition " << place.partition << ": "
                          << error->message;
    }
  }
}

}  // namespace
}  // namespace sluice::test
