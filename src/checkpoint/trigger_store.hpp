#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "mongo/client.hpp"
#include "sluice/config.hpp"

namespace sluice::checkpoint {

/// A rule that is kept in the state database instead of a file.
struct Trigger {
  std::string stream;  ///< of the file, whose database it is about
  std::string name;    ///< one of its own within the stream
  std::string text;    ///< as it was stated
  std::string rule;    ///< the same as an item of `rules:`, in YAML
  std::int64_t created_at_ms = 0;

  friend bool operator==(const Trigger&, const Trigger&) = default;
};

/// The stream that carries out the triggers of a stream. No stream of a file can be called so.
std::string trigger_stream_name(const std::string& stream);

/// The rule that a trigger is kept as. Throws ConfigError.
RuleConfig rule_of_trigger(const Trigger& trigger);

struct TriggerProblem {
  Trigger trigger;
  std::string text;
  std::int64_t since_ms = 0;  ///< milliseconds since the epoch
};

/// Whether it runs in a stream of its own. One that publishes does, beside those that call a server: it has
/// to wait for its JetStream stream, and the others need not. False for a text that is no rule.
bool stands_apart(const Trigger& trigger);

/// Those of a pipeline on one cluster, in the order in which they were made. One question; blocks.
std::optional<Error> read_triggers(mongoc_client_t* client, const std::string& state_database,
                                   const std::string& pipeline, std::vector<Trigger>& triggers);

/// The triggers of a pipeline on one cluster: one document each, {_id: "<pipeline>/<stream>/<name>",
/// pipeline, stream, name, text, rule, createdAt}. Works while workers run, which take up a change within
/// seconds. Blocks; for one thread.
///
/// What the server refuses for a moment is tried again; every call throws Stop when the server does not
/// answer in good time, or refuses for good.
class TriggerStore {
 public:
  /// The cluster is the one that `on` is on. Throws Stop for a URI that cannot be used.
  TriggerStore(const Config& config, const StreamConfig& on);

  std::vector<Trigger> list();
  /// Of these, those that do not run, and why.
  std::vector<TriggerProblem> problems();
  /// By majority. False, and nothing has changed, where there is one of that name and `replace` is not
  /// stated; one that is replaced keeps when it was made. The first trigger of a stream begins at the present
  /// moment: where those before it stood is forgotten.
  bool put(const Trigger& trigger, bool replace);
  /// By majority. Whether there was one.
  bool drop(const std::string& stream, const std::string& name);

 private:
  void retry_until(const std::function<std::optional<Error>()>& attempt);
  std::optional<Error> try_to_put(const Trigger& trigger, bool replace, bool& done);
  std::string id_of(const std::string& stream, const std::string& name) const;

  const std::string pipeline_;
  const std::string database_;
  mongo::ClientPool pool_;
  bool reached_ = false;  ///< the server has answered once
};

}  // namespace sluice::checkpoint
