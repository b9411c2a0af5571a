#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <thread>

#include "commands.hpp"
#include "data.hpp"
#include "report.hpp"
#include "worker.hpp"
#include "writer.hpp"

namespace storm {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kRules = R"(  - name: author-copies
    embed:
      from: users
      into:
        - collection: articles
          reference: authorId
          set: { username: authorUsername, image: authorImage, bio: authorBio }
  - name: favourites
    count: { from: favorites, reference: articleId, into: articles, field: favoritesCount }
)";

constexpr std::uint32_t kArticlesPerUser = 20;
constexpr std::uint32_t kNobody = 1U << 30U;  // a user who wrote nothing
constexpr auto kBackfillTimeout = std::chrono::minutes(30);

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Loads articles with outdated copies and zero counters, and one favourite for each.
void load(const Client& client, const std::string& database, std::uint32_t articles) {
  drop(client, database);
  for (const char* name : {"users", "articles", "favorites"}) create(client, database, name);
  const std::uint32_t users = std::max(1U, articles / kArticlesPerUser);
  insert_many(collection(client, database, "users"), users, user);
  insert_many(collection(client, database, "articles"), articles,
              [&](std::uint32_t i) { return article(i, i % users, {}); });
  insert_many(collection(client, database, "favorites"), articles,
              [&](std::uint32_t i) { return favourite(i, i, i % users); });
  command(client, database, R"({"update":"users","updates":[{"multi":true,"q":{},
                               "u":[{"$set":{"username":{"$concat":["$username","-new"]}}}]}]})");
}

/// Reads the fields that an audit of the copies needs from all targets, and does nothing with them.
double scan_seconds(const Client& client, const std::string& database) {
  const auto start = Clock::now();
  const Collection articles = collection(client, database, "articles");
  const Cursor cursor(mongoc_collection_find_with_opts(
      articles.get(), json("{}").get(),
      json(
          R"({"projection":{"authorId":1,"authorUsername":1,"authorImage":1,"authorBio":1},"batchSize":2000})")
          .get(),
      nullptr));
  const bson_t* document = nullptr;
  while (mongoc_cursor_next(cursor.get(), &document)) {
  }
  bson_error_t error;
  if (mongoc_cursor_error(cursor.get(), &error)) throw MongoError("scan", error);
  return since(start);
}

/// Makes the backfill's writes by one client that knows them beforehand: copies and counters, each by _id.
double write_seconds(const Client& client, const std::string& database, std::uint32_t articles, Commit commit,
                     std::uint32_t batch) {
  Writer writer(client, database, commit);
  const Bson copy = json(R"({"$set":{"authorUsername":")" + std::string(name(commit)) +
                         R"(","authorImage":"https://example.test/1.png","authorBio":"I am user 1"}})");
  const Bson count = json(R"({"$inc":{"favoritesCount":1}})");
  const auto start = Clock::now();
  for (const Bson* change : {&copy, &count}) {
    for (std::uint32_t i = 0; i < articles; ++i) {
      writer.update_one("articles", by_id(Kind::article, i), *change);
      if ((i + 1) % batch == 0) writer.flush();
    }
    writer.flush();
  }
  return since(start);
}

struct Filled {
  double seconds = 0;
  double peak_rss_mb = 0;
};

/// Waits until the worker has caught up, as is usual before a verification. The stream begins before the
/// backfill, so at first the backfill's own writes lie between its position and the present, and a
/// verification would have to read them.
void catch_up(const Client& client, const WorkerOptions& options, Worker& worker) {
  insert_many(collection(client, options.database, "users"), 1, [](std::uint32_t) { return user(kNobody); });
  while (worker.metrics().resolved() < 1) {
    worker.expect_running();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

Filled backfill(const Client& client, const WorkerOptions& options) {
  WorkerOptions with = options;
  with.flags.emplace_back("--backfill");
  const auto start = Clock::now();
  Worker worker(with);
  worker.wait_ready(kBackfillTimeout);
  Filled filled{since(start), worker.usage().peak_rss_mb};
  catch_up(client, options, worker);
  worker.stop();
  return filled;
}

Filled verify(const WorkerOptions& options) {
  const auto start = Clock::now();
  Process process({options.sluice, "verify", options.folder + "/" + options.pipeline + ".yaml",
                   "--mongodb-uri", options.uri, "--database", options.database},
                  options.folder + "/verify.log");
  Filled filled;
  while (process.running()) {
    filled.peak_rss_mb = std::max(filled.peak_rss_mb, process.usage().peak_rss_mb);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  filled.seconds = since(start);
  if (process.stop() != 0) throw std::runtime_error("verify found differences after the backfill");
  return filled;
}

}  // namespace

/// Measures backfill and verification of growing collections, and the same as a bare scan and bare bulk
/// writes.
int run_fill(const Options& options, const Server& server) {
  const TemporaryDirectory folder(options.server.data_parent);
  const Client client = server.client();
  Json list = Json::list();
  Table table({"articles", "backfill docs/s", "bulk writes docs/s", "ratio", "peak MB", "verify docs/s",
               "scan docs/s", "ratio", "peak MB"});
  for (const std::uint32_t articles : options.targets) {
    for (const char* database : {"rival", "conduit"}) load(client, database, articles);
    drop(client, "sluice");
    const double plain = write_seconds(client, "rival", articles, Commit::plain, options.write_batch);
    const double transactions =
        write_seconds(client, "rival", articles, Commit::transaction, options.write_batch);
    const WorkerOptions worker{.sluice = options.sluice,
                               .flags = options.worker_flags,
                               .folder = folder.path(),
                               .uri = server.uri(),
                               .database = "conduit",
                               .rules = kRules,
                               .pipeline = "fill-" + std::to_string(articles)};
    const Filled filled = backfill(client, worker);
    const double scan = scan_seconds(client, "conduit");
    const Filled verified = verify(worker);
    const double written = 2.0 * articles;
    const double best = std::min(plain, transactions);
    table.row({grouped(articles), grouped(written / filled.seconds), grouped(written / best),
               fixed(best / filled.seconds, 2), fixed(filled.peak_rss_mb),
               grouped(written / verified.seconds), grouped(articles / scan),
               fixed(2 * scan / verified.seconds, 2), fixed(verified.peak_rss_mb)});
    list.add(Json::object()
                 .set("articles", articles)
                 .set("backfill_seconds", filled.seconds)
                 .set("backfill_peak_rss_mb", filled.peak_rss_mb)
                 .set("bulk_plain_seconds", plain)
                 .set("bulk_transaction_seconds", transactions)
                 .set("verify_seconds", verified.seconds)
                 .set("verify_peak_rss_mb", verified.peak_rss_mb)
                 .set("scan_seconds", scan));
  }
  std::printf("%s", table.text().c_str());
  std::printf("%s\n", save(options, "fill", heading(options, server).set("rows", list)).c_str());
  return 0;
}

}  // namespace storm
