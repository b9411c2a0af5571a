#include <numeric>
#include <stdexcept>

#include "web_client.hpp"
#include "webhook_parts.hpp"

namespace storm {
namespace {

class Calls {
 public:
  Calls(const Options& options, Follower& follower) : options_(options), follower_(follower) {}

  std::vector<Reaction> measure() {
    load("single", "");
    const std::vector<std::string> singles = requests_of_worker();
    std::vector<Reaction> all = {rounds("webhook", singles)};
    const std::string size = std::to_string(options_.batch_size);
    load("batch", ", batch: { size: " + size + " }");
    all.push_back(rounds("webhook, batches of " + size, in_batches(singles, options_.batch_size)));
    return all;
  }

 private:
  const Options& options_;
  Follower& follower_;
  WebService service_;

  void load(const std::string& name, const std::string& more) {
    follower_.load({.rules = "  - name: out\n    webhook: { from: users, url: \"" + service_.origin() +
                             "/users\", concurrency: " + std::to_string(options_.concurrency) + more + " }\n",
                    .pipeline = "webhook-" + name,
                    .documents = options_.events});
  }

  /// The requests that have to be sent, as an unmeasured worker sends them.
  std::vector<std::string> requests_of_worker() {
    service_.forget(true);
    call();
    std::vector<std::string> requests = service_.kept();
    service_.forget();
    return requests;
  }

  Reaction rounds(const std::string& name, const std::vector<std::string>& requests) {
    Reaction reaction{.name = name, .documents = options_.events, .rounds = {}};
    const auto add = [](std::size_t sum, const std::string& request) { return sum + request.size(); };
    const std::size_t bytes = std::accumulate(requests.begin(), requests.end(), std::size_t{0}, add);
    reaction.client_bytes = static_cast<double>(bytes) / options_.events;
    for (std::uint32_t round = 0; round < options_.rounds; ++round) {
      reaction.rounds.push_back(measure_round(requests));
      tell(reaction);
    }
    return reaction;
  }

  ReactionRound measure_round(const std::vector<std::string>& requests) {
    ReactionRound round;
    round.cursor = follower_.read_live();
    service_.forget();
    round.client = options_.events / post_all(service_, requests, options_.concurrency);
    if (!told_of_all()) throw std::runtime_error("the bare client did not send all documents");
    service_.forget();
    const double before = service_.cpu_seconds();
    round.ours = call();
    round.service_cpu = service_.cpu_seconds() - before;
    round.requests = static_cast<double>(service_.requests());
    return round;
  }

  Followed call() {
    return follower_.follow([&] { return told_of_all(); });
  }

  bool told_of_all() const { return service_.documents() == options_.events; }
};

}  // namespace

std::vector<Reaction> measure_calls(const Options& options, Follower& follower) {
  return Calls(options, follower).measure();
}

}  // namespace storm
