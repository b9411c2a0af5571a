#include "source/feed/feeds.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <utility>

#include "source/peer/following_stream.hpp"
#include "source/peer/peer_client.hpp"

namespace sluice::source {

namespace {

struct Shown {
  const char* name;
  const char* type;
  const char* help;
  std::size_t Feed::Counts::*value;
  bool of_sharing = false;  ///< there only where instances share change streams
};

/// See Feed::Limits::silence: beyond what the feed may wait for an answer.
constexpr auto grace_for_answer = std::chrono::seconds(2);

constexpr std::array<Shown, 7> metrics_shown{{
    {"sluice_feed_readers", "gauge", "streams that share the feed's cursor or can", &Feed::Counts::readers},
    {"sluice_feed_detached", "gauge", "of these, the ones that read cursors of their own at present",
     &Feed::Counts::detached},
    {"sluice_feed_cursors", "gauge", "open at present: the feed's cursor, and those of detached streams",
     &Feed::Counts::cursors},
    {"sluice_feed_detaches_total", "counter", "detached streams, because they were slower than others",
     &Feed::Counts::detaches},
    {"sluice_feed_openings_total", "counter", "openings of the feed's cursor", &Feed::Counts::openings},
    {"sluice_feed_follows", "gauge", "1: the feed reads through another instance", &Feed::Counts::follows,
     true},
    {"sluice_feed_followers", "gauge", "feeds of other instances that read through this one",
     &Feed::Counts::taps, true},
}};

std::string label_value(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\' || c == '"') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

}  // namespace

std::unique_ptr<EventStream> Feeds::stream(Reading reading) {
  std::vector<Entry> unused;           // destroyed without the lock: that may wait for a connection
  const std::lock_guard lock(mutex_);  // until the feed knows its reader: a feed without one is removed
  // Feeds whose readers have all gone have no cursor, and end at once.
  const auto gone =
      std::ranges::stable_partition(feeds_, [](const Entry& entry) { return !entry.feed->is_unused(); });
  std::ranges::move(gone, std::back_inserter(unused));
  feeds_.erase(gone.begin(), gone.end());
  auto feed = feed_for(reading);
  return std::make_unique<FeedStream>(std::move(feed), std::move(reading.needs),
                                      std::move(reading.make_stream), std::move(reading.ask),
                                      reading.options);
}

std::shared_ptr<Feed> Feeds::feed_for(const Reading& reading) {
  std::string why;
  std::set<std::string> names;
  for (const Entry& entry : feeds_) {
    names.insert(entry.feed->name());
    if (entry.deployment != reading.deployment || entry.database != reading.database) continue;
    const auto apart = entry.feed->why_not(reading.needs);
    if (!apart) return entry.feed;
    if (why.empty()) why = *apart;
  }
  std::string name = reading.database;
  for (int number = 2; names.contains(name); ++number) name = reading.database + "/" + std::to_string(number);
  if (!why.empty()) {
    say_(false,
         "the streams of " + reading.database + " need another change stream (" + name + "), because " + why);
  }
  Feed::Limits limits;
  limits.queue_bytes = memory_->reading().limit() / 3;
  limits.kept_bytes = limits.queue_bytes / 2;
  limits.cursor_batch = reading.options.cursor_batch;
  limits.silence = std::chrono::milliseconds(reading.options.max_await_ms) + grace_for_answer;
  auto feed = std::make_shared<Feed>(
      name, limits, memory_, [say = say_](const std::string& text) { say(true, text); }, flow::Clock::now,
      sharing(name, reading.options.max_await_ms));
  feed->start();
  feeds_.push_back({feed, reading.deployment, reading.database});
  return feed;
}

/// How a feed's cursor gets its answers from other instances of the cluster.
FeedSharing Feeds::sharing(const std::string& name, int max_await_ms) const {
  FeedSharing sharing;
  if (!peers_) return sharing;
  const auto connector =
      std::make_shared<PeerConnector>([max_await_ms, peers = peers_](const std::set<std::string>& streams) {
        std::vector<std::unique_ptr<PeerReader>> readers;
        for (const Peer& peer : peers->earlier(streams))
          readers.push_back(std::make_unique<PeerClient>(peer, std::chrono::milliseconds(max_await_ms)));
        return readers;
      });
  sharing.make_cursor = [name, max_await_ms, connector, peers = peers_, say = say_,
                         follows = sharing.follows](const FeedFilter& filter, const MakeStream& own) {
    return std::make_unique<FollowingStream>(FollowingStream::Parts{
        filter, own, connector, follows,
        [peers, streams = filter.streams()](const std::string& peer) { peers->follow(streams, peer); },
        [name, say](bool loud, const std::string& what) { say(loud, "the feed of " + name + " " + what); },
        max_await_ms});
  };
  return sharing;
}

std::unique_ptr<FeedTap> Feeds::open_tap(const PeerRequest& request, std::string& why) const {
  std::shared_ptr<Feed> feed;
  {
    const std::lock_guard lock(mutex_);
    for (const Entry& entry : feeds_) {
      if (entry.feed->identity() == request.identity) feed = entry.feed;
    }
  }
  why = "it does not read the same streams with the same rules now";
  if (!feed) return nullptr;
  auto tap =
      std::make_unique<FeedTap>(std::move(feed), request.identity, request.shard_count, request.shards);
  tap->ask(request.after, request.caught_up);
  why = tap->answer();
  return why.empty() ? std::move(tap) : nullptr;
}

std::size_t Feeds::followers(const std::string& stream) const {
  const std::lock_guard lock(mutex_);
  std::size_t sum = 0;
  for (const Entry& entry : feeds_) sum += entry.feed->followers(stream);
  return sum;
}

void Feeds::request_stop() {
  const std::lock_guard lock(mutex_);
  for (const Entry& entry : feeds_) entry.feed->request_stop();
}

void Feeds::stop() {
  std::vector<Entry> ending;
  {
    const std::lock_guard lock(mutex_);
    ending = std::exchange(feeds_, {});
  }
  for (const Entry& entry : ending) entry.feed->request_stop();
  for (const Entry& entry : ending) entry.feed->join();
}

std::string Feeds::metrics() const {
  const std::lock_guard lock(mutex_);
  if (feeds_.empty()) return "";
  std::string text;
  for (const Shown& one : metrics_shown) {
    if (one.of_sharing && !peers_) continue;
    text +=
        std::string("# HELP ") + one.name + " " + one.help + "\n# TYPE " + one.name + " " + one.type + "\n";
    for (const Entry& entry : feeds_) {
      const Feed::Counts counts = entry.feed->counts();
      text += std::string(one.name) + "{feed=\"" + label_value(entry.feed->name()) + "\"} " +
              std::to_string(counts.*one.value) + "\n";
    }
  }
  return text;
}

}  // namespace sluice::source
