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
  std::string stream;  ///< the stream in the file whose database it watches
  std::string name;    ///< unique within the stream
  std::string text;    ///< the trigger as the user stated it
  std::string rule;    ///< the same as an item of `rules:`, in YAML
  std::int64_t created_at_ms = 0;

  friend bool operator==(const Trigger&, const Trigger&) = default;
};

/// The name of the stream that carries out the triggers of a stream. No stream in a file can have this name.
std::string trigger_stream_name(const std::string& stream);

/// Parses the rule of a trigger. Throws ConfigError.
RuleConfig rule_of_trigger(const Trigger& trigger);

struct TriggerProblem {
  Trigger trigger;
  std::string text;
  std::int64_t since_ms = 0;  ///< milliseconds since the epoch
};

/// Whether the trigger runs in a stream of its own. Triggers that call a server do, and triggers that
/// publish, since those must wait for their JetStream stream. False for a text that is not a rule.
bool stands_apart(const Trigger& trigger);

/// Reads the triggers of a pipeline on one cluster, ordered by their time of creation. One query; blocks.
std::optional<Error> read_triggers(mongoc_client_t* client, const std::string& state_database,
                                   const std::string& pipeline, std::vector<Trigger>& triggers);

/// The triggers of a pipeline on one cluster. Each is a document {_id: "<pipeline>/<stream>/<name>",
/// pipeline, stream, name, text, rule, createdAt}. May be used while workers run; they notice a change within
/// seconds. Blocks; for one thread.
///
/// Retries temporary errors. Every call throws Stop if the server does not answer in time, or refuses for
/// good.
class TriggerStore {
 public:
  /// Uses the cluster of the stream `on`. Throws Stop for a URI that cannot be used.
  TriggerStore(const Config& config, const StreamConfig& on);

  std::vector<Trigger> list();
  /// The triggers that do not run, and why.
  std::vector<TriggerProblem> problems();
  /// Stores a trigger with majority write concern. Returns false and changes nothing if one of this name
  /// exists and `replace` is false. A replaced trigger keeps its time of creation. The first trigger of a
  /// stream begins at the present moment: the position of earlier triggers is deleted.
  bool put(const Trigger& trigger, bool replace);
  /// Deletes a trigger with majority write concern. Returns whether it existed.
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
