#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sluice/effect.hpp"
#include "sluice/error.hpp"

namespace sluice {

/// A counter's sum, once the increments on one document are merged.
struct CounterWrite {
  const CounterPlan* plan;
  bson::Value id;
  std::int64_t delta;
  std::uint64_t key;  ///< the effects' key: an order that all lanes and workers share
};

struct RefreshWrite {
  const CopyPlan* plan;
  bson::Value source_id;
};

struct FillWrite {
  const CopyPlan* plan;
  bson::Value target_id;
  bson::View seen;
};

/// How a dead letter holds its event and its effect. A server that refuses one form is given the next.
enum class LetterForm : std::uint8_t {
  readable,  ///< as documents; as bytes only what nests too deeply for that
  bytes,     ///< as BSON in binary values
  bare,      ///< the error, the rule and the place in the stream alone
};

/// What a dead letter records: an effect that could not be carried out, whole enough to be looked into.
struct DeadLetterWrite {
  std::string rule;
  bson::View token;
  std::uint64_t cluster_time;
  bson::View event;
  std::int32_t code;
  std::string message;
  Effect effect;
  LetterForm form = LetterForm::readable;
};

struct DeliverWrite {
  const DeliveryPlan* plan;
  const Message* message;
  std::uint64_t key;  ///< messages with the same key are sent in batch order
};

struct PutWrite {
  const DocumentPlan* plan;
  bson::Value id;
  bson::View values;
};

using Write = std::variant<CounterWrite, RefreshWrite, FillWrite, DeadLetterWrite, DeliverWrite, PutWrite>;

/// The place of a lane's position in the checkpoint, and what must still stand there for a commit to be
/// valid.
struct LaneGuard {
  std::string lane_id;
  std::int64_t epoch = 0;
  std::int64_t seq = 0;  ///< commits so far; an unknown commit is recognised by it afterwards
};

/// One batch of one lane: `writes` and the position after them are committed together or not at all.
struct Batch {
  LaneGuard guard;
  bson::View token;  ///< position of the last event in the batch
  std::uint64_t cluster_time = 0;
  std::vector<Write> writes;
  std::size_t events = 0;
  /// The batch cannot be made smaller and is still too much for one transaction: its refreshes are to be
  /// carried out in pieces beforehand, each under the guard, and only then the position is committed.
  bool in_pieces = false;
  /// The batch is a single event of which something was refused without a name: each operation is to go in a
  /// command of its own, so that the refused one is known.
  bool one_by_one = false;
  /// How many bytes its copies (refreshes and fills) are expected to need at most: source documents read, and
  /// commands rendered of them. A sink that would need more answers too_slow to a batch of several events,
  /// and is given fewer; a single event is given what it needs. 0 where nothing is copied.
  std::size_t copy_bytes = 0;
};

/// How a batch ended.
struct Outcome {
  bool committed = false;
  bool position_moved = true;  ///< with committed: the lane's position was stored along with it
  /// Neither committed nor failed: some of its work goes on after the call. The batch is sent again at once,
  /// together with what was queued meanwhile.
  bool unfinished = false;
  /// Unless committed: how many writes at the front of the batch are done and are not sent again. They are
  /// all messages.
  std::size_t done_first = 0;
  /// The guard matched within this attempt, so no earlier attempt whose answer was lost can have committed.
  bool guard_held = false;
  std::optional<Error> error;  ///< set when not committed
  std::string outlet = {};     ///< with error: the server outside MongoDB that it concerns, if any
  /// With error: how long to wait before a retry makes sense.
  std::optional<std::chrono::milliseconds> retry_in;
  std::optional<std::size_t> failed_write;  ///< with own_fault: the index in Batch::writes, where it is known
  std::uint64_t documents = 0;              ///< target documents that matched
  std::uint64_t refreshed = 0;              ///< documents matched by RefreshWrites alone
  std::uint64_t copied_bytes = 0;           ///< what its copies needed, or had needed when it was given up
};

/// Carries out batches. A sink knows nothing of change streams: only writes, and a position to keep with
/// them. commit() may block; it is called on one of the blocking threads, for different lanes at the same
/// time. Everything a Batch points to stays alive until commit() returns. It does not throw.
class BatchSink {
 public:
  virtual ~BatchSink() = default;
  virtual Outcome commit(const Batch& batch) = 0;
  /// About how many bytes commit() has in memory at once beside what the batch points to: rendered messages,
  /// commands, and the driver's copies of them. Lanes whose batches together would need too much take turns.
  virtual std::size_t bytes_while_sending(const Batch&) const { return 0; }
};

}  // namespace sluice
