#include "realworld/storm.hpp"

#include <chrono>
#include <mutex>
#include <thread>

#include "realworld/writer.hpp"

namespace realworld {
namespace {

/// Collects the reports of all writers. Thread-safe while they run.
class Log {
 public:
  void failure(const std::string& what) {
    const std::lock_guard lock(mutex_);
    if (report_.failed++ == 0) report_.first_failure = what;
  }
  void done(std::int64_t operations) {
    const std::lock_guard lock(mutex_);
    report_.operations += operations;
  }
  StormReport report() const { return report_; }

 private:
  std::mutex mutex_;
  StormReport report_;
};

bool is_stopped(const StormOptions& options) {
  return options.until_stopped != nullptr && options.until_stopped->load();
}

bool more(const StormOptions& options, std::int64_t done) {
  if (done < options.operations) return true;
  return options.until_stopped != nullptr && !is_stopped(options);
}

void write(const std::string& uri, const std::string& database, const StormOptions& options, int number,
           Log& log) {
  Writer writer(uri, database, options, number);
  std::int64_t done = 0;
  for (; more(options, done); ++done) {
    try {
      writer.step();
    } catch (const workbench::MongoError& error) {
      log.failure(error.what());
      // A server that is away may let each operation wait for a minute.
      if (is_stopped(options)) break;
    }
  }
  log.done(done);
}

/// Updates all users with one command, repeatedly, so that the copies in all articles and comments change.
void update_all_users(const std::string& uri, const std::string& database, const StormOptions& options,
                      Log& log) {
  workbench::Mongo mongo(uri, database);
  for (int round = 1; round <= options.user_rounds; ++round) {
    try {
      mongo.update_many("users", {},
                        R"({"pipeline":[{"$set":{"image":{"$concat":["https://images.example.org/round/)" +
                            std::to_string(round) + R"(/","$username"]}}}]})");
    } catch (const workbench::MongoError& error) {
      log.failure(error.what());
    }
  }
  log.done(options.user_rounds);
}

}  // namespace

StormReport storm(const std::string& uri, const std::string& database, const StormOptions& options) {
  Log log;
  {
    std::vector<std::jthread> threads;
    for (int number = 0; number < options.writers; ++number) {
      threads.emplace_back([&, number] { write(uri, database, options, number, log); });
    }
    update_all_users(uri, database, options, log);
  }
  return log.report();
}

}  // namespace realworld
