#include "support/fixture.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <iostream>
#include <random>

#include "realworld/compare.hpp"
#include "support/positions.hpp"
#include "support/sorted_json.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// A database name made from the test's name. A name has at most 63 bytes, and the state database's is three
/// longer.
std::string database_of_this_test() {
  const auto* info = testing::UnitTest::GetInstance()->current_test_info();
  std::string name = std::string(info->test_suite_name()) + "_" + info->name();
  for (char& letter : name) {
    if (!std::isalnum(static_cast<unsigned char>(letter))) letter = '_';
  }
  return name.substr(0, 50);
}

std::uint64_t seed_of_this_run() {
  const char* given = std::getenv("SLUICE_SEED");
  return given != nullptr ? std::stoull(given) : std::random_device{}();
}

}  // namespace

ReplicaSet& shared_server() {
  // Started at the first call, so that tests which need no server start none. It ends with the program.
  static ReplicaSet server(1);
  return server;
}

std::uint64_t random_seed() {
  static const std::uint64_t seed = seed_of_this_run();
  return seed;
}

PipelineTest::PipelineTest(ReplicaSet& server)
    : server_(server),
      worker_uri_(server.uri()),
      database_(database_of_this_test()),
      db_(server.patient_uri(), database_),
      state_(server.patient_uri(), database_ + "_st") {
  db_.drop_database();
  state_.drop_database();
}

PipelineTest::~PipelineTest() {
  if (!HasFailure()) return;
  for (const std::string& story : past_stories_) std::cout << "before: " << story << "\n";
  for (const auto& worker : workers_) std::cout << worker->story() << "\n";
}

std::string PipelineTest::file(const std::string& rules, const std::string& name) const {
  return folder_.write(name, "pipeline: test\nindexes: create\nrules:\n" + rules);
}

std::vector<std::string> PipelineTest::here(std::vector<std::string> more) const {
  std::vector<std::string> flags = {worker_uri_flag_, worker_uri_,        "--database",
                                    database_,        "--state-database", database_ + "_st"};
  flags.insert(flags.end(), more.begin(), more.end());
  return flags;
}

std::vector<std::string> PipelineTest::here_run(std::vector<std::string> command,
                                                std::vector<std::string> more) const {
  for (std::string& flag : here(std::move(more))) command.push_back(std::move(flag));
  return command;
}

Worker& PipelineTest::start(const std::string& file, std::vector<std::string> flags, int count, int index) {
  workers_.push_back(std::make_unique<Worker>(Worker::Options{.file = file,
                                                              .program = program_,
                                                              .flags = here(std::move(flags)),
                                                              .shard_count = count,
                                                              .shard_index = index}));
  return *workers_.back();
}

Worker& PipelineTest::start_member(const std::string& file, int partitions, std::vector<std::string> flags) {
  workers_.push_back(std::make_unique<Worker>(Worker::Options{
      .file = file, .program = program_, .flags = here(std::move(flags)), .partitions = partitions}));
  return *workers_.back();
}

Worker& PipelineTest::replace_worker(std::size_t place, const std::string& file,
                                     std::vector<std::string> flags, int count, int index) {
  end_worker(place);
  start(file, std::move(flags), count, index);
  return last_moves_to(place);
}

Worker& PipelineTest::replace_member(std::size_t place, const std::string& file, int partitions,
                                     std::vector<std::string> flags) {
  end_worker(place);
  start_member(file, partitions, std::move(flags));
  return last_moves_to(place);
}

void PipelineTest::end_worker(std::size_t place) {
  constexpr std::size_t most_stories = 8;
  auto& worker = workers_.at(place);
  worker->kill9();
  past_stories_.push_back(worker->story());
  if (past_stories_.size() > most_stories) past_stories_.pop_front();
  worker.reset();
}

void PipelineTest::forget_workers() {
  for (std::size_t place = 0; place < workers_.size(); ++place) end_worker(place);
  workers_.clear();
}

Worker& PipelineTest::last_moves_to(std::size_t place) {
  std::swap(workers_.at(place), workers_.back());
  workers_.pop_back();
  return *workers_.at(place);
}

void PipelineTest::start_shards(const std::string& file, int count, const std::vector<std::string>& flags) {
  const std::size_t first = workers_.size();
  for (int index = 0; index < count; ++index) start(file, flags, count, index);
  for (std::size_t i = first; i < workers_.size(); ++i) workers_[i]->ready();
}

void PipelineTest::terminate_all() {
  for (const auto& worker : workers_) worker->ask_to_stop();
  for (const auto& worker : workers_) EXPECT_EQ(worker->wait(60s), 0) << worker->story();
  forget_workers();
}

testing::AssertionResult PipelineTest::settled(int shard_count) {
  const std::uint64_t now = db_.operation_time();
  // The position of a stream without events advances only when there are new oplog entries.
  db_.append_note("settled");
  std::uint64_t reached = 0;
  const bool ok = soon(
      [&] {
        reached = oldest_position(state_, shard_count);
        // All events of a transaction have one time, so only a later time is behind them all.
        return reached > now;
      },
      60s);
  if (ok) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "positions stay at " << time_text(reached) << ", the server is at "
                                     << time_text(now);
}

testing::AssertionResult PipelineTest::exact(int shard_count) {
  if (const auto result = settled(shard_count); !result) return result;
  const auto checks = realworld::compare(db_);
  if (realworld::all_right(checks)) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "\n" << realworld::table(checks);
}

bool PipelineTest::soon(const std::function<bool()>& holds, std::chrono::milliseconds usual) {
  const auto all_ended = [&] {
    return !workers_.empty() &&
           std::ranges::none_of(workers_, [](const auto& worker) { return worker->running(); });
  };
  bool held = false;
  workbench::eventually(patience(usual), [&] {
    while_waiting();
    const bool last = all_ended();
    held = holds();
    return held || last;
  });
  return held;
}

testing::AssertionResult PipelineTest::becomes(const std::string& collection, const std::string& id,
                                               const std::string& expected) {
  const std::string wanted = sorted_json(Document(expected));
  std::string found;
  const bool ok = soon([&] {
    const auto document = db_.find_one(collection, "{\"_id\":{\"$eq\":" + id + "}}");
    found = document ? sorted_json(*document) : "(no document)";
    return found == wanted;
  });
  if (ok) return testing::AssertionSuccess();
  return testing::AssertionFailure() << collection << " " << id << " is " << found << ", should be "
                                     << wanted;
}

testing::AssertionResult PipelineTest::vanishes(const std::string& collection, const std::string& id) {
  const bool ok = soon([&] { return !db_.find_one(collection, "{\"_id\":{\"$eq\":" + id + "}}"); });
  if (ok) return testing::AssertionSuccess();
  return testing::AssertionFailure() << collection << " " << id << " is still there";
}

double PipelineTest::metric(const std::string& name, const std::string& label) const {
  double sum = 0;
  for (const auto& worker : workers_) sum += worker->metrics().sum(name, label);
  return sum;
}

}  // namespace sluice::test
