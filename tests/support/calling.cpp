#include "support/calling.hpp"

namespace sluice::test {

using namespace std::chrono_literals;

std::string CallingTest::hook_file(const std::string& settings, const std::string& origin) const {
  const std::string to = origin.empty() ? service_.origin() : origin;
  return file("  - name: hook\n    webhook:\n      from: items\n      url: \"" + to + "/hooks/{coll}\"\n" +
              settings);
}

bool CallingTest::comes(std::size_t requests) {
  return soon([&] { return service_.count() >= requests; });
}

std::vector<WebRequest> CallingTest::taken() const {
  auto all = service_.requests();
  std::erase_if(all, [](const WebRequest& request) { return request.answered / 100 != 2; });
  return all;
}

void CallingTest::write_numbers(int documents, int rounds) {
  std::vector<Document> all;
  for (int i = 0; i < documents; ++i) all.emplace_back("{\"_id\":" + std::to_string(i) + ",\"n\":0}");
  db().insert("items", all);
  write_rounds(rounds);
}

void CallingTest::write_rounds(int rounds) {
  for (int round = 0; round < rounds; ++round) db().update_many("items", "{}", R"({"$inc":{"n":1}})");
}

Sequences CallingTest::sequences() {
  SequenceCheck check;
  for (const WebRequest& request : taken()) {
    check.add(Document(request.body), request.header("idempotency-key"));
  }
  return check.finish(db());
}

testing::AssertionResult CallingTest::told_in_order(std::size_t repetitions_allowed) {
  std::size_t expected = 0;
  db().scan("items", {}, {},
            [&](const Document& item) { expected += static_cast<std::size_t>(item.integer("n")) + 1; });
  Sequences result;
  const bool complete = soon([&] { return taken().size() >= expected; }, 60s) && soon([&] {
                          result = sequences();
                          return result.lost == 0;
                        });
  const bool well =
      result.out_of_order == 0 && result.other_ids == 0 && result.repeated <= repetitions_allowed;
  if (complete && well) return testing::AssertionSuccess();
  result = sequences();
  return testing::AssertionFailure() << result.messages << " requests of " << expected << " expected, "
                                     << result.lost << " lost, " << result.out_of_order << " out of order, "
                                     << result.repeated << " repeated, " << result.other_ids
                                     << " under another key; first: " << result.first_wrong
                                     << "; SLUICE_SEED=" << random_seed() << "\n"
                                     << (workers() > 0 ? worker().story() : "");
}

bool CallingTest::waits_for(const std::string& why) {
  return soon([&] {
    const auto readiness = worker().get("/readyz");
    return readiness.status == 200 && readiness.body.find("\"degraded\"") != std::string::npos &&
           readiness.body.find(why) != std::string::npos;
  });
}

}  // namespace sluice::test
