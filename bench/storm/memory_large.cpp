#include <chrono>
#include <optional>
#include <stdexcept>
#include <thread>

#include "data.hpp"
#include "measure.hpp"
#include "memory_large.hpp"
#include "mongo.hpp"
#include "update_many.hpp"
#include "web_service.hpp"
#include "worker.hpp"

namespace storm {
namespace {

constexpr double kPatience = 300;    // seconds for a worker to resolve all events
constexpr double kFillSeconds = 20;  // in which the queue of a slow service fills
constexpr auto kPoll = std::chrono::milliseconds(20);

const std::string kDatabase = "large";

Bson padded(std::uint32_t number, std::size_t bytes) {
  const std::string text(bytes, 'x');
  Bson document;
  BSON_APPEND_INT32(document.get(), "_id", static_cast<std::int32_t>(number));
  bson_append_utf8(document.get(), "text", 4, text.data(), static_cast<int>(text.size()));
  return document;
}

/// A worker and its collection, for one of the two loads.
class Load {
 public:
  Load(const Options& options, const Server& server, const std::string& sluice, const std::string& rule)
      : folder_(options.server.data_parent), client_(server.client()) {
    for (const std::string& name : {kDatabase, std::string("sluice")}) drop(client_, name);
    command(client_, kDatabase, R"({"create":"items"})");
    WorkerOptions worker{.sluice = sluice,
                         .flags = options.worker_flags,
                         .folder = folder_.path(),
                         .uri = server.uri(),
                         .database = kDatabase,
                         .rules = rule,
                         .pipeline = "memory"};
    worker.flags.emplace_back("--drain-ms=100");
    worker_.emplace(worker);
    worker_->wait_ready();
  }

  void insert(std::uint32_t documents, std::size_t bytes, std::uint32_t batch) {
    insert_many(
        collection(client_, kDatabase, "items"), documents, [&](std::uint32_t i) { return padded(i, bytes); },
        batch);
  }

  template <typename Done>
  void wait(double seconds, Done done) {
    const auto start = std::chrono::steady_clock::now();
    while (since(start) < seconds && !done(worker_->metrics())) {
      worker_->expect_running();
      std::this_thread::sleep_for(kPoll);
    }
  }

  LargeRun finish(const std::string& name) {
    const Metrics metrics = worker_->metrics();
    LargeRun run{name, worker_->usage().peak_rss_mb, metrics.value("sluice_bytes_in_flight_peak") / 1e6,
                 metrics.read(), metrics.resolved()};
    worker_->stop();
    return run;
  }

 private:
  TemporaryDirectory folder_;
  Client client_;
  std::optional<Worker> worker_;
};

}  // namespace

LargeRun measure_large_documents(const Options& options, const Server& server, const std::string& sluice) {
  constexpr std::uint32_t documents = 60;
  constexpr std::size_t bytes = 15'000'000;
  const WebService service;
  Load load(options, server, sluice,
            "  - name: out\n    webhook: { from: items, url: \"" + service.origin() +
                "/items\", breaker: { failures: 1000 } }\n");
  load.insert(documents, bytes, 1);
  load.wait(kPatience, [&](const Metrics& metrics) { return metrics.resolved() >= documents; });
  LargeRun run = load.finish("60 documents of 15 MB");
  if (run.resolved < documents) throw std::runtime_error("the worker does not come through large documents");
  return run;
}

LargeRun measure_slow_sink(const Options& options, const Server& server, const std::string& sluice) {
  constexpr std::uint32_t documents = 100'000;
  const WebService service(WebService::Answers::late);
  Load load(options, server, sluice,
            "  - name: out\n    webhook: { from: items, url: \"" + service.origin() +
                "/items\", body: '{\"text\":\"{text}\"}' }\n");
  load.insert(documents, 2000, 1000);
  load.wait(kFillSeconds, [](const Metrics&) { return false; });
  return load.finish("2 KB messages, a service that takes 1 s");
}

}  // namespace storm
