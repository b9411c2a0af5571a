#include "support/caching.hpp"

#include <map>

namespace sluice::test {

using namespace std::chrono_literals;

namespace {

constexpr int documents = 25;

}  // namespace

RedisServer& shared_redis() {
  static RedisServer server;
  return server;
}

CachingTest::CachingTest(ReplicaSet& server, RedisServer& redis)
    : PipelineTest(server), redis_(redis), random_(random_seed()) {}

std::string CachingTest::cache_file(const std::string& settings) const {
  return file("  - name: cached\n    cache:\n      from: items\n" + settings);
}

std::string CachingTest::keeping_file() const {
  return file(
      "  - name: whole\n    cache: { from: items, refresh: { key: \"{db}:p:{id}\" } }\n"
      "  - name: by-mail\n    cache: { from: items, refresh: { key: \"{db}:m:{mail}\", value: \"{_id} {n}\" "
      "} }\n");
}

Worker& CachingTest::start_caching(const std::string& file, std::vector<std::string> flags,
                                   const std::string& url) {
  flags.insert(flags.end(), {"--redis-url", url.empty() ? redis_.url() : url});
  return start(file, std::move(flags));
}

std::string CachingTest::mail(int id) {
  return "m" + std::to_string(id) + "." + std::to_string(random_() % 3) + "%\\n";
}

std::string CachingTest::document(int id) {
  const bool with_mail = random_() % 5 != 0;
  return R"({"_id":)" + std::to_string(id) + R"(,"n":)" + std::to_string(++version_) +
         (with_mail ? R"(,"mail":")" + mail(id) + '"' : "") + R"(,"tags":["a","b"]})";
}

void CachingTest::change(int id) {
  const std::string filter = R"({"_id":)" + std::to_string(id) + "}";
  const std::string n = std::to_string(++version_);
  const auto update = [&](const std::string& change) { db().update("items", filter, change); };
  switch (random_() % 8) {
    case 0:
      db().remove("items", filter);
      break;
    case 1:
      db().replace("items", filter, document(id), R"({"upsert":true})");
      break;
    case 2:
      update(R"({"$set":{"mail":")" + mail(id) + "\"}}");
      break;
    case 3:
      update(R"({"$unset":{"mail":1}})");
      break;
    case 4:
      update(R"({"$push":{"tags":)" + n + "}}");
      break;
    case 5:
      update(R"({"$set":{"mail":")" + mail(id) + R"(","n":)" + n + "}}");
      break;
    default:
      update(R"({"$set":{"n":)" + n + "}}");
  }
}

void CachingTest::storm(int operations) {
  for (int i = 0; i < operations; ++i) {
    const int id = static_cast<int>(random_() % documents);
    if (random_() % 4 == 0) {
      db().replace("items", R"({"_id":)" + std::to_string(id) + "}", document(id), R"({"upsert":true})");
    } else if (random_() % 6 == 0) {
      const int other = static_cast<int>(random_() % documents);
      db().transaction([&] {
        change(id);
        change(other);
      });
    } else {
      change(id);
    }
  }
}

/// The first difference between the keys and the documents of `items`; "" if there is none.
std::string CachingTest::difference() {
  std::map<std::string, std::string> expected;
  db().scan("items", {}, {}, [&](const Document& item) {
    const std::string id = std::to_string(item.integer("_id"));
    expected[key("p:" + id)] = item.compact_json();
    if (item.has("mail")) {
      expected[key("m:" + item.text("mail"))] = id + " " + std::to_string(item.integer("n"));
    }
  });
  auto found = redis().all(key(""));
  for (const auto& [name, value] : expected) {
    const auto there = found.find(name);
    if (there == found.end()) return name + " is missing";
    if (there->second != value) return name + " is " + there->second + ", not " + value;
    found.erase(there);
  }
  return found.empty() ? "" : found.begin()->first + " is left, with " + found.begin()->second;
}

testing::AssertionResult CachingTest::kept() {
  std::string wrong;
  const auto right = [&] {
    try {
      wrong = difference();
    } catch (const workbench::RedisError& error) {
      wrong = error.what();
    }
    return wrong.empty();
  };
  // Check again once the worker has settled: an earlier match may be a coincidence.
  if (soon(right, 60s) && settled() && right()) return testing::AssertionSuccess();
  return testing::AssertionFailure() << wrong << "; SLUICE_SEED=" << random_seed() << "\n"
                                     << (workers() > 0 ? worker().story() : "");
}

}  // namespace sluice::test
