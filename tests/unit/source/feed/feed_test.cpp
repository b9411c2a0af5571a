#include "source/feed/feed.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "sluice/bson_builder.hpp"
#include "sluice/event.hpp"
#include "source/feed/feed_stream.hpp"
#include "source/feed/feed_tap.hpp"
#include "source/peer/following_stream.hpp"

namespace sluice::source {
namespace {

using std::chrono::milliseconds;

std::string digits(std::uint64_t number) {
  std::string text = std::to_string(number);
  return std::string(8 - text.size(), '0') + text;
}

/// A change in the model's oplog.
struct Change {
  std::uint64_t time = 0;  ///< of its transaction; several changes may share it
  std::string place;       ///< `_data` of its token
  std::string collection;
  int id = 0;
  int shard = 0;        ///< of `shards`
  bool poison = false;  ///< no change stream can send it whole
};

constexpr int shards = 4;

int shard_of(int id) {
  bson::Builder document;
  IdHasher hasher;
  return static_cast<int>(hasher.hash(document.append("_id", id).finish().at("_id")) % shards);
}

/// What happened, in order. Stands for a server.
struct Oplog {
  std::deque<Change> changes;
  std::uint64_t time = 1;
  int fail_next = 0;        ///< so many answers fail
  std::size_t cursors = 0;  ///< open

  void add(std::mt19937_64& random, bool poison) {
    const std::uint64_t of = random() % 3 == 0 ? time : ++time;
    const std::size_t in_transaction =
        static_cast<std::size_t>(std::ranges::count(changes, of, &Change::time));
    const std::string collection = random() % 2 == 0 ? "users" : "orders";
    const int id = static_cast<int>(random() % 50);
    changes.push_back({of, digits(of) + "b" + digits(in_transaction), collection, id, shard_of(id), poison});
  }
  /// `_data` of the position before all changes of a time.
  static std::string before(std::uint64_t time) { return digits(time) + "a"; }
};

Subscription everything_of(const std::string& collection) {
  Subscription one;
  one.collection = collection;
  one.any_field = true;
  return one;
}

bool passes(const StreamFilter& filter, const Change& change) {
  const bool reads = std::ranges::any_of(
      filter.subscriptions, [&](const auto& one) { return one.collection == change.collection; });
  return reads && std::ranges::find(filter.shards, change.shard) != filter.shards.end();
}

/// A change stream on the model's oplog. Like a server's, it cannot be opened at the token of a change that
/// its filter drops.
class ModelStream : public EventStream {
 public:
  ModelStream(Oplog& oplog, StreamFilter filter, std::mt19937_64& random)
      : oplog_(oplog), filter_(std::move(filter)), random_(random) {}

  ~ModelStream() override { set_open(false); }
  ModelStream(const ModelStream&) = delete;
  ModelStream& operator=(const ModelStream&) = delete;

  using EventStream::open;
  std::optional<Error> open(const std::optional<Position>& after, Position& at, bool by_time) override {
    set_open(false);
    if (oplog_.fail_next > 0) return fail();
    const bool from_time = by_time && after && after->at_event;
    position_ = !after      ? Oplog::before(oplog_.time + 1)
                : from_time ? Oplog::before(after->cluster_time >> 32)
                            : std::string(after->data());
    if (after && after->at_event && !from_time) {
      const auto found = std::ranges::find(oplog_.changes, after->data(), &Change::place);
      if (found == oplog_.changes.end() || !passes(filter_, *found))
        return Error{ErrorKind::lost, 280, "the resume token was not found"};
    }
    known_ = from_time ? std::string(after->data()) : "";
    at = Position::of(token(position_).finish(), time_of(position_));
    set_open(true);
    return std::nullopt;
  }
  void read_as(const flow::ReadDetail& reading) override { reading_ = reading; }
  bool outdated() const override { return open_ && random_() % 200 == 0; }
  void be_patient(bool) override {}
  mongo::Reply ask(const std::string&, bson::View) override { return {}; }
  bool invalidated() const override { return false; }

  std::optional<Error> next(std::unique_ptr<StreamBatch>& batch) override {
    if (!open_) return Error{ErrorKind::cursor_gone, 0, "the cursor is closed"};
    if (oplog_.fail_next > 0) return fail();
    auto bytes = std::make_shared<std::deque<std::vector<std::uint8_t>>>();
    batch = std::make_unique<StreamBatch>();
    const std::size_t most = 1 + random_() % static_cast<std::size_t>(reading_.batch);
    std::size_t searched = 0;
    for (const Change& change : oplog_.changes) {
      if (change.place <= position_) continue;
      if (batch->events.size() >= most || ++searched > 20) break;
      if (passes(filter_, change) && change.place > known_) {
        if (change.poison && reading_.detail == Detail::whole) {
          if (batch->events.empty()) {
            set_open(false);
            return Error{ErrorKind::too_large, 10334, "too large"};
          }
          break;
        }
        batch->events.push_back(kept(*bytes, event(change, reading_.detail)));
        batch->size += batch->events.back().size();
        position_ = change.place;
      } else {
        position_ = std::max(position_, Oplog::before(change.time));
      }
    }
    batch->resume_token = kept(*bytes, token(position_).finish());
    batch->operation_time = oplog_.time << 32;
    batch->owner = bytes;
    return std::nullopt;
  }

 private:
  void set_open(bool open) {
    if (open != open_) open ? ++oplog_.cursors : --oplog_.cursors;
    open_ = open;
  }
  static std::uint64_t time_of(const std::string& place) {
    return static_cast<std::uint64_t>(std::stoull(place.substr(0, 8))) << 32;
  }
  static bson::Builder token(const std::string& place) {
    bson::Builder out;
    out.append("_data", place);
    return out;
  }
  static bson::View kept(std::deque<std::vector<std::uint8_t>>& bytes, bson::View view) {
    const auto& one = bytes.emplace_back(view.data(), view.data() + view.size());
    return {one.data(), one.size()};
  }
  static bson::View event(const Change& change, Detail detail) {
    static thread_local bson::Builder out;
    out = bson::Builder();
    out.open("_id").append("_data", change.place).close().append("operationType", "insert");
    out.append_timestamp("clusterTime", change.time << 32);
    out.open("ns").append("db", "shop").append("coll", change.collection).close();
    if (detail != Detail::whole) out.append("sluiceDetail", 1);
    return out.open("documentKey").append("_id", change.id).close().finish();
  }
  std::optional<Error> fail() {
    --oplog_.fail_next;
    set_open(false);
    return Error{ErrorKind::transient, 0, "no primary"};
  }

  Oplog& oplog_;
  StreamFilter filter_;
  std::mt19937_64& random_;
  flow::ReadDetail reading_{Detail::whole, 5};
  std::string position_;
  std::string known_;  ///< if it was opened by time: `_data` up to which no events are sent
  bool open_ = false;
};

/// A reader, as pipeline::Reader uses a stream, and what it has to have seen.
class ModelReader {
 public:
  ModelReader(std::shared_ptr<Feed> feed, Oplog& oplog, std::mt19937_64& random, FeedNeeds needs, Position at)
      : oplog_(oplog),
        filter_(needs.filter()),
        at_(std::move(at)),
        stream_(std::make_unique<FeedStream>(
            std::move(feed), std::move(needs),
            [&oplog, &random](const StreamFilter& filter) {
              return std::make_unique<ModelStream>(oplog, filter, random);
            },
            [](const std::string&, bson::View) { return mongo::Reply(); }, FeedStream::Options{5, 1})) {
    stream_->be_patient(false);
    seen_ = std::string(at_.data());
  }

  void step(std::mt19937_64& random) {
    if (!open_ || random() % 100 == 0) {
      Position at;
      open_ = !stream_->open(at_, at, false);
      if (open_) at_ = at;
      return;
    }
    stream_->read_at_most(some_limit(random));
    std::unique_ptr<StreamBatch> batch;
    if (const auto error = stream_->next(batch)) {
      open_ = false;
      const bool less = error->kind == ErrorKind::too_large;
      if (less) stream_->read_as({Detail::needed, 1});
      less_ |= less;
      EXPECT_NE(error->kind, ErrorKind::lost) << error->message;
      return;
    }
    take(*batch);
    if (less_ && !batch->events.empty()) {
      less_ = false;
      stream_->read_as({Detail::whole, 5});
      open_ = false;
    }
  }

  /// Whether it has seen all there is.
  bool is_done() const {
    return std::ranges::none_of(oplog_.changes,
                                [&](const Change& one) { return one.place > seen_ && passes(filter_, one); });
  }
  const Position& at() const { return at_; }
  const FeedStream& stream() const { return *stream_; }

 private:
  /// Often too small for an answer, so that it is taken in pieces.
  static ReadLimit some_limit(std::mt19937_64& random) {
    if (random() % 2 == 0) return {};
    return {.events = 1 + random() % 5,
            .bytes = random() % 1000,
            .shared = random() % 3 == 0 ? 0 : random() % 2000};
  }
  void take(const StreamBatch& batch) {
    ASSERT_TRUE(batch.owner != nullptr || batch.events.empty());
    in_use_.push_back(batch);
    if (in_use_.size() > 3) in_use_.pop_front();
    for (const bson::View event : batch.events) {
      const std::string place(event.at("_id").document().at("_data").text());
      const Change* next = next_change();
      ASSERT_NE(next, nullptr) << place << " was not to come";
      ASSERT_EQ(place, next->place) << "behind " << seen_;
      ASSERT_EQ(static_cast<bool>(event.at("sluiceDetail")), next->poison) << "its neighbours are read whole";
      seen_ = place;
    }
    if (!batch.resume_token && batch.events.empty()) return;
    at_ = end_of(batch);
    const Change* next = next_change();
    if (next != nullptr) {
      ASSERT_GT(next->place, at_.data()) << "left out";
    }
    ASSERT_GE(at_.data(), seen_);
  }
  const Change* next_change() const {
    for (const Change& one : oplog_.changes) {
      if (one.place > seen_ && passes(filter_, one)) return &one;
    }
    return nullptr;
  }

  Oplog& oplog_;
  const StreamFilter filter_;
  Position at_;
  std::string seen_;
  std::unique_ptr<FeedStream> stream_;
  std::deque<StreamBatch> in_use_;
  bool open_ = false;
  bool less_ = false;
};

Position beginning() {
  bson::Builder out;
  return Position::of(out.append("_data", Oplog::before(1)).finish(), 1ULL << 32);
}

/// Another instance's feed, without the connection.
class ModelPeer : public PeerReader {
 public:
  ModelPeer(std::shared_ptr<Feed> feed, std::mt19937_64& random) : feed_(std::move(feed)), random_(random) {}

  std::string name() const override { return "peer"; }
  std::string connect(const std::stop_token&) override { return ""; }
  std::string open(const PeerRequest& request) override {
    if (random_() % 10 == 0) return "unreachable";
    tap_ = std::make_unique<FeedTap>(feed_, request.identity, request.shard_count, request.shards);
    tap_->ask(request.after, request.caught_up);
    for (auto steps = random_() % 4; steps > 0; --steps) feed_->step();
    std::string why = tap_->answer(flow::Duration::zero());
    if (!why.empty()) tap_.reset();
    return why;
  }
  std::unique_ptr<StreamBatch> next(std::size_t events, flow::Duration, std::string& why) override {
    why = "closed";
    if (random_() % 100 == 0) tap_.reset();
    return tap_ ? tap_->next(events, flow::Duration::zero()) : nullptr;
  }

 private:
  const std::shared_ptr<Feed> feed_;
  std::mt19937_64& random_;
  std::unique_ptr<FeedTap> tap_;
};

FeedNeeds some_needs(std::mt19937_64& random) {
  std::vector<Subscription> all{everything_of("users")};
  if (random() % 2 == 0) all.push_back(everything_of("orders"));
  return {number_subscriptions(all), shards, static_cast<int>(random() % shards)};
}

FeedNeeds same_needs(std::mt19937_64& random) {
  return {number_subscriptions(std::vector{everything_of("users"), everything_of("orders")}), shards,
          static_cast<int>(random() % shards)};
}

/// Nobody waits, and answers are small.
Feed::Limits hasty() {
  Feed::Limits limits;
  limits.gather = flow::Duration::zero();
  limits.answer = flow::Duration::zero();
  limits.cursor_batch = 5;
  limits.queue_bytes = 1500;
  return limits;
}

/// Readers that come, go, are slow, fall behind, or begin further back, and servers that fail. Returns what
/// the feed has done.
Feed::Counts live(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Oplog oplog;
  flow::Time now{};
  now += std::chrono::hours(1);
  const Feed::Limits limits = hasty();
  auto memory = std::make_shared<flow::BudgetPool>(1 << 20);
  auto feed = std::make_shared<Feed>(
      "shop", limits, memory, [](const std::string&) {}, [&now] { return now; });
  std::vector<std::unique_ptr<ModelReader>> readers;
  std::vector<Position> left{beginning()};
  std::size_t slow = 0;
  const auto add = [&] {
    readers.push_back(
        std::make_unique<ModelReader>(feed, oplog, random, some_needs(random), left[random() % left.size()]));
  };
  for (int i = 0; i < 4; ++i) add();
  for (int i = 0; i < 3000 && !testing::Test::HasFailure(); ++i) {
    now += milliseconds(random() % 120);
    const auto what = random() % 100;
    if (what < 25) oplog.add(random, random() % 200 == 0);
    if (what == 25) oplog.fail_next = static_cast<int>(random() % 3);
    if (what == 26 && readers.size() < 8) add();
    if (what == 27 && readers.size() > 1) {
      const std::size_t which = random() % readers.size();
      left = {beginning(), readers[which]->at()};
      readers.erase(readers.begin() + static_cast<std::ptrdiff_t>(which));
    }
    if (what == 28 && random() % 8 == 0) slow = random() % readers.size();
    if (what >= 29 && what < 60) feed->step();
    const std::size_t which = random() % readers.size();
    if (what >= 60 && (which != slow || random() % 300 == 0)) readers[which]->step(random);
    EXPECT_EQ(feed->counts().cursors, oplog.cursors);
  }
  const auto done = [&] {
    return std::ranges::all_of(readers, [](const auto& one) { return one->is_done(); });
  };
  for (int i = 0; i < 20'000 && !done() && !testing::Test::HasFailure(); ++i) {
    now += milliseconds(20);
    feed->step();
    for (const auto& one : readers) one->step(random);
  }
  EXPECT_TRUE(done()) << "not all was read";
  const Feed::Counts counts = feed->counts();
  readers.clear();
  feed.reset();
  EXPECT_EQ(memory->bytes(), 0) << "every answer was let go";
  return counts;
}

/// Two instances: one reads the server, and the other one gets its events from it as long as it can.
std::size_t live_as_two(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Oplog oplog;
  flow::Time now{};
  now += std::chrono::hours(1);
  const Feed::Limits limits = hasty();
  auto memory = std::make_shared<flow::BudgetPool>(1 << 20);
  const auto silent = [](const std::string&) {};
  const auto clock = [&now] { return now; };
  FeedSharing shares;
  shares.make_cursor = [](const FeedFilter& filter, const MakeStream& own) { return own(filter.filter()); };
  auto leader = std::make_shared<Feed>("leader", limits, memory, silent, clock, shares);
  std::size_t followed = 0;
  FeedSharing follows;
  const auto find = [&](const std::set<std::string>&) {
    std::vector<std::unique_ptr<PeerReader>> peers;
    peers.push_back(std::make_unique<ModelPeer>(leader, random));
    return peers;
  };
  follows.make_cursor = [&, flag = follows.follows](const FeedFilter& filter, const MakeStream& own) {
    const auto connector = std::make_shared<PeerConnector>(find, std::launch::deferred, clock);
    const auto count = [&](bool, const std::string& what) {
      followed += what.starts_with("reads the change stream through") ? 1 : 0;
    };
    return std::make_unique<FollowingStream>(
        FollowingStream::Parts{filter, own, connector, flag, silent, count, 1});
  };
  auto follower = std::make_shared<Feed>("follower", limits, memory, silent, clock, follows);
  std::vector<std::unique_ptr<ModelReader>> readers;
  const auto add = [&](const std::shared_ptr<Feed>& feed, const Position& at) {
    readers.push_back(std::make_unique<ModelReader>(feed, oplog, random, same_needs(random), at));
  };
  for (int i = 0; i < 6; ++i) add(i % 2 == 0 ? leader : follower, beginning());
  for (int i = 0; i < 3000 && !testing::Test::HasFailure(); ++i) {
    now += milliseconds(random() % 60);
    const auto what = random() % 100;
    const std::size_t which = random() % readers.size();
    if (what < 25) oplog.add(random, random() % 300 == 0);
    if (what == 25) oplog.fail_next = static_cast<int>(random() % 3);
    if (what == 26) {
      const Position at = readers[which]->at();
      readers.erase(readers.begin() + static_cast<std::ptrdiff_t>(which));
      add(random() % 2 == 0 ? leader : follower, at);
    }
    if (what >= 27 && what < 45) leader->step();
    if (what >= 45 && what < 60) follower->step();
    if (what >= 60) readers[which]->step(random);
    if (what != 26) {
      EXPECT_EQ(leader->counts().cursors + follower->counts().cursors, oplog.cursors);
    }
  }
  const auto done = [&] {
    return std::ranges::all_of(readers, [](const auto& one) { return one->is_done(); });
  };
  for (int i = 0; i < 20'000 && !done() && !testing::Test::HasFailure(); ++i) {
    now += milliseconds(20);
    leader->step();
    follower->step();
    for (const auto& one : readers) one->step(random);
  }
  EXPECT_TRUE(done()) << "not all was read";
  readers.clear();
  follower.reset();
  leader.reset();
  EXPECT_EQ(memory->bytes(), 0) << "every answer was let go";
  return followed;
}

/// Calls `live` with growing seeds, beginning with $SLUICE_SEED or a random one.
template <typename Live>
void run_with_seeds(std::uint64_t count, const Live& live) {
  const char* given = std::getenv("SLUICE_SEED");
  const std::uint64_t first = given != nullptr ? std::stoull(given) : std::random_device{}();
  std::printf("SLUICE_SEED=%llu\n", static_cast<unsigned long long>(first));
  for (std::uint64_t seed = first; seed < first + count && !testing::Test::HasFailure(); ++seed) {
    live(seed);
    if (testing::Test::HasFailure())
      std::printf("it failed with seed %llu\n", static_cast<unsigned long long>(seed));
  }
}

/// Its cursor waits for a server that does not answer. The other instance may reach the server.
TEST(FeedTest, ATapEndsWhenTheFeedHangs) {
  std::mt19937_64 random(1);
  Oplog oplog;
  flow::Time now{};
  now += std::chrono::hours(1);
  const auto memory = std::make_shared<flow::BudgetPool>(1 << 20);
  FeedSharing shares;
  shares.make_cursor = [](const FeedFilter& filter, const MakeStream& own) { return own(filter.filter()); };
  const auto feed = std::make_shared<Feed>(
      "shop", hasty(), memory, [](const std::string&) {}, [&now] { return now; }, shares);
  const FeedNeeds needs = same_needs(random);
  ModelReader reader(feed, oplog, random, needs, beginning());
  for (int i = 0; i < 20; ++i) {
    reader.step(random);
    feed->step();
  }
  FeedTap tap(feed, FeedFilter({&needs}).identity(), shards, {0, 1});
  tap.ask(reader.at(), true);
  feed->step();
  ASSERT_EQ(tap.answer(flow::Duration::zero()), "");
  EXPECT_TRUE(tap.next(5, flow::Duration::zero()));
  now += hasty().silence + milliseconds(1);
  EXPECT_FALSE(tap.next(5, flow::Duration::zero()));
  // Another instance that asks goes on reading by itself at once.
  FeedTap another(feed, FeedFilter({&needs}).identity(), shards, {0, 1});
  another.ask(reader.at(), true);
  EXPECT_EQ(another.answer(std::chrono::seconds(5)), "it waits for MongoDB's answer");
  feed->step();
  EXPECT_TRUE(tap.next(5, flow::Duration::zero()));
}

TEST(FeedTest, EachReaderOfAnInstanceThatFollowsAnotherSeesEveryEventOnceInOrder) {
  std::size_t followed = 0;
  run_with_seeds(8, [&](std::uint64_t seed) { followed += live_as_two(seed); });
  EXPECT_GT(followed, 10U);
}

TEST(FeedTest, EachReaderSeesEveryEventOnceInOrderWhateverHappens) {
  std::size_t detaches = 0;
  std::size_t openings = 0;
  run_with_seeds(15, [&](std::uint64_t seed) {
    const Feed::Counts counts = live(seed);
    detaches += counts.detaches;
    openings += counts.openings;
  });
  EXPECT_GT(detaches, 0U);
  EXPECT_GT(openings, 30U);
}

/// A feed and readers whose queues the test empties.
class FeedMembersTest : public testing::Test {
 protected:
  std::shared_ptr<FeedMember> announce() {
    return feed_.announce({number_subscriptions({everything_of("users"), everything_of("orders")}), 1, 0},
                          [this](const StreamFilter& filter) {
                            return std::make_unique<ModelStream>(oplog_, filter, random_);
                          });
  }
  void ask(FeedMember& member) {
    feed_.read_apart(member);
    feed_.ask(member, beginning(), true);
  }
  /// Takes what is in the queue, but for so many batches.
  static void take(FeedMember& member, std::size_t left = 0) {
    while (member.queue.length() > left) member.queue.took(member.queue.front(), true);
    if (left == 0) member.queue.wait({});
  }

  std::mt19937_64 random_{1};
  Oplog oplog_;
  flow::Time now_{std::chrono::hours(1)};
  Feed feed_{"shop",
             {.queue_bytes = 2000, .cursor_batch = 5, .gather = std::chrono::seconds(1)},
             std::make_shared<flow::BudgetPool>(1 << 20),
             [](const std::string&) {},
             [this] { return now_; }};
};

TEST_F(FeedMembersTest, ReadersThatComeOneAfterAnotherShareTheFirstCursor) {
  const auto first = announce();
  const auto second = announce();
  const auto third = announce();
  for (const auto& member : {first, second, third}) {
    feed_.step();
    ask(*member);
    feed_.step();
    now_ += milliseconds(800);
  }
  for (const auto& member : {first, second, third})
    EXPECT_EQ(feed_.standing(*member), FeedMember::Standing::joined);
  EXPECT_EQ(feed_.counts().openings, 1U);
}

TEST_F(FeedMembersTest, ReadersDoNotWaitForeverForOneThatDoesNotCome) {
  const auto missing = announce();
  std::vector<std::shared_ptr<FeedMember>> members;
  const flow::Time start = now_;
  while (feed_.counts().openings == 0 && now_ < start + std::chrono::minutes(1)) {
    members.push_back(announce());
    ask(*members.back());
    feed_.step();
    now_ += milliseconds(500);
  }
  EXPECT_LE(now_ - start, std::chrono::seconds(5));
}

TEST_F(FeedMembersTest, OnlyTheReaderFurthestBehindIsDetachedWhenMemoryIsShort) {
  const auto fast = announce();
  const auto behind = announce();
  const auto silent = announce();
  for (const auto& member : {fast, behind, silent}) ask(*member);
  feed_.step();
  for (int i = 0; i < 3000; ++i) oplog_.add(random_, false);
  for (int i = 0; i < 1000 && feed_.counts().detaches == 0; ++i) {
    now_ += milliseconds(10);
    feed_.step();
    take(*fast);
    take(*behind, 1);
  }
  EXPECT_EQ(feed_.counts().detaches, 1U);
  EXPECT_EQ(feed_.standing(*silent), FeedMember::Standing::apart);
  EXPECT_EQ(feed_.standing(*behind), FeedMember::Standing::joined);
}

}  // namespace
}  // namespace sluice::source
