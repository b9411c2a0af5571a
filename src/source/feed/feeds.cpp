#include "source/feed/feeds.hpp"

#include <array>
#include <set>
#include <utility>

namespace sluice::source {

namespace {

struct Shown {
  const char* name;
  const char* type;
  const char* help;
  std::size_t Feed::Counts::*value;
};

constexpr std::array<Shown, 5> metrics_shown{{
    {"sluice_feed_readers", "gauge", "streams that share the feed's cursor or can", &Feed::Counts::readers},
    {"sluice_feed_detached", "gauge", "of these, the ones that read cursors of their own at present",
     &Feed::Counts::detached},
    {"sluice_feed_cursors", "gauge", "open at present: the feed's cursor, and those of detached streams",
     &Feed::Counts::cursors},
    {"sluice_feed_detaches_total", "counter", "detached streams, because they were slower than others",
     &Feed::Counts::detaches},
    {"sluice_feed_openings_total", "counter", "openings of the feed's cursor", &Feed::Counts::openings},
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
  const std::lock_guard lock(mutex_);  // until the feed knows its reader: a feed without one is removed
  auto feed = feed_for(reading);
  return std::make_unique<FeedStream>(std::move(feed), std::move(reading.needs),
                                      std::move(reading.make_stream), std::move(reading.ask),
                                      reading.options);
}

std::shared_ptr<Feed> Feeds::feed_for(const Reading& reading) {
  // Feeds whose readers have all gone have no cursor, and end at once.
  std::erase_if(feeds_, [](const Entry& entry) { return entry.feed->is_unused(); });
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
  auto feed =
      std::make_shared<Feed>(name, limits, memory_, [this](const std::string& text) { say_(true, text); });
  feed->start();
  feeds_.push_back({feed, reading.deployment, reading.database});
  return feed;
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
