#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "commands.hpp"
#include "data.hpp"
#include "drain.hpp"
#include "report.hpp"
#include "rivals.hpp"
#include "worker.hpp"

namespace storm {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kPatience = 120s;
constexpr std::uint32_t kArticles = 1000;
constexpr std::uint32_t kMeasured =
    2;  ///< the articles from 0 on whose counters are watched, each by one writer

/// Writers at a steady rate. A writer inserts one document at a time and waits for its acknowledgement, so a
/// high rate needs several. The first ones also watch their article's counter.
struct Pace {
  std::uint32_t per_second;
  std::uint32_t writers;
  std::uint32_t changes;
};
constexpr Pace kPaces[] = {{10, 1, 60}, {100, 4, 600}, {1000, 20, 5000}};
constexpr std::uint32_t kStorm =
    3000;  ///< events before the change whose latency in a storm's tail is measured

struct Latencies {
  std::string pace;
  std::vector<double> seconds;  ///< sorted
};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// A database with articles, and the writers that add favourites to it. Whoever counts them is started by the
/// caller.
class Articles {
 public:
  Articles(const Server& server, std::string database) : server_(server), database_(std::move(database)) {
    const Client client = server_.client();
    drop(client, database_);
    create_loved_articles(client, database_, kArticles);
  }

  const std::string& database() const { return database_; }

  Latencies measure(const Pace& pace) {
    Latencies all{std::to_string(pace.per_second) + "/s", {}};
    std::mutex mutex;
    std::exception_ptr failure;
    {
      std::vector<std::jthread> threads;
      for (std::uint32_t i = 0; i < pace.writers; ++i) {
        threads.emplace_back([&, i] {
          try {
            const std::vector<double> mine = write(pace, i);
            const std::lock_guard lock(mutex);
            all.seconds.insert(all.seconds.end(), mine.begin(), mine.end());
          } catch (...) {
            const std::lock_guard lock(mutex);
            failure = std::current_exception();
          }
        });
      }
    }
    if (failure) std::rethrow_exception(failure);
    std::ranges::sort(all.seconds);
    return all;
  }

  Latencies measure_tails(int times) {
    Latencies all{"tail of " + grouped(kStorm), {}};
    const Client client = server_.client();
    for (int i = 0; i < times; ++i) {
      insert_many(collection(client, database_, "favorites"), kStorm,
                  [this](std::uint32_t n) { return favourite(++written_, kMeasured + n % 500, 0); });
      all.seconds.push_back(write_one(client, 0));
    }
    std::ranges::sort(all.seconds);
    return all;
  }

 private:
  std::vector<double> write(const Pace& pace, std::uint32_t writer) {
    const Client client = server_.client();
    const Collection favorites = collection(client, database_, "favorites");
    const bool measures = writer < std::min(kMeasured, (pace.writers + 1) / 2);
    const auto gap = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(
        static_cast<double>(pace.writers) / static_cast<double>(pace.per_second)));
    auto due = Clock::now() + gap * writer / pace.writers;
    std::vector<double> seconds;
    for (std::uint32_t i = 0; i < pace.changes / pace.writers; ++i) {
      std::this_thread::sleep_until(due);
      due += gap;
      if (measures) {
        seconds.push_back(write_one(client, writer));
      } else {
        const std::uint32_t article = kMeasured + (writer * 50 + i) % (kArticles - kMeasured);
        insert_many(favorites, 1, [&](std::uint32_t) { return favourite(++written_, article, 0); });
      }
    }
    return seconds;
  }

  /// Seconds from the acknowledgement of a change until its effect is visible.
  double write_one(const Client& client, std::uint32_t article) {
    insert_many(collection(client, database_, "favorites"), 1,
                [&](std::uint32_t) { return favourite(++written_, article, 0); });
    const auto start = Clock::now();
    const std::int64_t expected = ++counted_[article];
    Bson find;
    BSON_APPEND_UTF8(find.get(), "find", "articles");
    BSON_APPEND_DOCUMENT(find.get(), "filter", by_id(Kind::article, article).get());
    while (integer_at(command(client, database_, find.get()).get(), "cursor.firstBatch.0.favoritesCount") <
           expected) {
      if (Clock::now() - start > kPatience) throw std::runtime_error("a change was not counted in time");
      std::this_thread::sleep_for(100us);
    }
    return seconds_since(start);
  }

  const Server& server_;
  std::string database_;
  std::atomic<std::uint32_t> written_{0};
  std::int64_t counted_[kMeasured] = {};  ///< each by the writer that measures on this article
};

std::vector<Latencies> measure_all(Articles& articles, int tails) {
  std::vector<Latencies> all;
  for (const Pace& pace : kPaces) all.push_back(articles.measure(pace));
  all.push_back(articles.measure_tails(tails));
  return all;
}

std::vector<Latencies> of_worker(const Options& options, const Server& server, const std::string& folder) {
  Articles articles(server, "latency");
  drop(server.client(), "sluice");
  Worker worker({.sluice = options.sluice,
                 .flags = options.worker_flags,
                 .folder = folder,
                 .uri = server.uri(),
                 .database = articles.database(),
                 .rules = kCountFavourites,
                 .pipeline = "latency"});
  worker.wait_ready();
  auto all = measure_all(articles, 10);
  worker.stop();
  return all;
}

/// How a loop writes a change's effect and its own position.
enum class Loop {
  two_writes,       ///< the effect, then the position: visible before it can be known not to be repeated
  one_transaction,  ///< both at once, as the worker does
};

/// Counts one event, and stores its token, on a connection of its own.
class Counter {
 public:
  Counter(const Server& server, const std::string& database, Loop how)
      : client_(server.client()),
        target_(collection(client_, database, "articles")),
        positions_(collection(client_, database + "_positions", "position")),
        how_(how) {
    bson_error_t error;
    session_.reset(mongoc_client_start_session(client_.get(), nullptr, &error));
    if (!session_ || !mongoc_client_session_append(session_.get(), in_session_.get(), &error))
      throw MongoError("session", error);
  }

  const Client& client() const { return client_; }

  void handle(const Event& event) const {
    if (how_ == Loop::two_writes) {
      count(event, nullptr);
      store_token(positions_, event.token);
      return;
    }
    bson_error_t error;
    if (!mongoc_client_session_start_transaction(session_.get(), nullptr, &error))
      throw MongoError("transaction", error);
    store_token(positions_, event.token, in_session_.get());
    count(event, in_session_.get());
    if (!mongoc_client_session_commit_transaction(session_.get(), nullptr, &error))
      throw MongoError("commit", error);
  }

 private:
  Client client_;
  Collection target_;
  Collection positions_;
  Loop how_;
  Session session_;
  Bson in_session_;

  void count(const Event& event, const bson_t* options) const {
    bson_iter_t iter;
    bson_iter_t id;
    if (!bson_iter_init(&iter, event.document) ||
        !bson_iter_find_descendant(&iter, "fullDocument.articleId", &id))
      throw std::runtime_error("an event without an article");
    Bson filter;
    BSON_APPEND_VALUE(filter.get(), "_id", bson_iter_value(&id));
    bson_error_t error;
    if (!mongoc_collection_update_one(target_.get(), filter.get(),
                                      json(R"({"$inc":{"favoritesCount":1}})").get(), options, nullptr,
                                      &error))
      throw MongoError("count", error);
  }
};

/// The loops that people write by hand: for each change, an update with majority and its resume token.
std::vector<Latencies> of_loop(const Server& server, Loop how) {
  Articles articles(server, how == Loop::two_writes ? "loop" : "exact_loop");
  constexpr int kTails = 2;
  std::int64_t events = kTails * (kStorm + 1);
  for (const Pace& pace : kPaces) events += pace.changes;
  const Client client = server.client();
  const Moment from = now(client);
  std::exception_ptr failure;
  std::vector<Latencies> all;
  {
    const std::jthread loop([&] {
      try {
        const Counter counter(server, articles.database(), how);
        const StreamShape shape{
            .pipeline = R"([{"$match":{"ns.coll":"favorites"}}])", .full_document = {}, .pre_image = {}};
        drain(counter.client(), articles.database(), shape, 0, from, events,
              [&](const Event& event) { counter.handle(event); });
      } catch (...) {
        failure = std::current_exception();
      }
    });
    all = measure_all(articles, kTails);
  }
  if (failure) std::rethrow_exception(failure);
  return all;
}

}  // namespace

/// Measures the time from the acknowledgement of a change until its effect is visible, at several rates and
/// behind a storm, for the worker and for loops that handle one change at a time.
int run_latency(const Options& options, const Server& server) {
  const TemporaryDirectory folder(options.server.data_parent);
  Json list = Json::list();
  Table table({"who", "changes", "times", "p50 ms", "p90 ms", "p99 ms", "most ms"});
  const auto report = [&](const char* who, const std::vector<Latencies>& all) {
    for (const Latencies& one : all) {
      const auto ms = [&](double share) { return quantile(one.seconds, share) * 1000; };
      table.row({who, one.pace, std::to_string(one.seconds.size()), fixed(ms(0.5)), fixed(ms(0.9)),
                 fixed(ms(0.99)), fixed(ms(1))});
      list.add(Json::object()
                   .set("who", who)
                   .set("changes", one.pace)
                   .set("times", one.seconds.size())
                   .set("p50_ms", ms(0.5))
                   .set("p90_ms", ms(0.9))
                   .set("p99_ms", ms(0.99))
                   .set("most_ms", ms(1)));
    }
  };
  report("sluice", of_worker(options, server, folder.path()));
  report("one at a time, one transaction", of_loop(server, Loop::one_transaction));
  report("one at a time", of_loop(server, Loop::two_writes));
  std::printf("%s", table.text().c_str());
  std::printf("%s\n", save(options, "latency", heading(options, server).set("rows", list)).c_str());
  return 0;
}

}  // namespace storm
