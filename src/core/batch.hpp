#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sluice/effect.hpp"
#include "sluice/error.hpp"

namespace sluice {

/// The sum of the increments on one counter document.
struct CounterWrite {
  const CounterPlan* plan;
  bson::Value id;
  std::int64_t delta;
  std::uint64_t key;  ///< the effects' key; it gives all lanes and workers the same order of documents
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

/// How a dead letter holds its event and its effect. If the server refuses one form, the next one is tried.
enum class LetterForm : std::uint8_t {
  readable,  ///< as documents; a part that is nested too deeply to be stored is held as bytes
  bytes,     ///< as BSON in binary values
  bare,      ///< only the error, the rule and the position in the stream
};

/// A dead letter: an effect that could not be carried out, with what is needed to investigate it and to try
/// it again.
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

/// Dead letters are rare and large. Kept in place they would make every write four times its size.
using LetterWrite = std::shared_ptr<const DeadLetterWrite>;

using Write = std::variant<CounterWrite, RefreshWrite, FillWrite, LetterWrite, DeliverWrite, PutWrite>;

/// Identifies the document of a lane's position, and the values that it must still have for a commit to be
/// valid.
struct LaneGuard {
  std::string lane_id;
  std::int64_t epoch = 0;
  std::int64_t seq = 0;  ///< number of commits so far; shows whether a commit with a lost answer succeeded
};

/// One batch of one lane. `writes` and the lane's new position are committed together or not at all.
struct Batch {
  LaneGuard guard;
  bson::View token;  ///< position of the last event in the batch
  std::uint64_t cluster_time = 0;
  std::vector<Write> writes;
  std::size_t events = 0;
  /// The batch is a single event and was too much for one transaction. The sink first carries out its
  /// refreshes in pieces, each under the guard, and then commits the position.
  bool in_pieces = false;
  /// The batch is a single event, and the server refused one of its operations without saying which. The sink
  /// sends each operation in a command of its own, to find out which.
  bool one_by_one = false;
  /// The bytes that the batch's copies (refreshes and fills) may need in memory: source documents read and
  /// commands rendered from them. If a batch of several events would need more, the sink answers too_slow,
  /// and the lane sends fewer events. A single event may always use what it needs. 0 if nothing is copied.
  std::size_t copy_bytes = 0;
  /// Transactions of other processes have lately changed the same documents. The sink finds out whether one
  /// does so now before it writes to any of them.
  bool contended = false;
};

/// How a batch ended.
struct Outcome {
  bool committed = false;
  bool position_moved = true;  ///< with committed: the lane's position was stored too
  /// Neither committed nor failed: some of the work continues after commit() returns. The lane sends the
  /// batch again at once, with what was queued in the meantime.
  bool unfinished = false;
  /// If not committed: how many writes at the front of the batch are done and need not be sent again. All of
  /// them are messages.
  std::size_t done_first = 0;
  /// The guard matched in this attempt, so no earlier attempt whose answer was lost has committed.
  bool guard_held = false;
  std::optional<Error> error;  ///< set when not committed
  std::string outlet = {};     ///< with error: the server outside MongoDB that failed, if any
  /// With error: how long to wait before a retry makes sense.
  std::optional<std::chrono::milliseconds> retry_in;
  /// With own_fault: the index in Batch::writes of the refused write, if known.
  std::optional<std::size_t> failed_write;
  std::uint64_t documents = 0;  ///< number of target documents that matched
  std::uint64_t refreshed = 0;  ///< number of documents that RefreshWrites matched
  /// Bytes that the copies needed, or had needed when the batch was given up.
  std::uint64_t copied_bytes = 0;
};

/// Carries out batches. A sink sees only writes and a position to store with them, nothing of the change
/// stream. commit() may block; it is called on the blocking threads, for different lanes at the same time.
/// Everything a Batch points to stays alive until commit() returns. commit() does not throw.
class BatchSink {
 public:
  virtual ~BatchSink() = default;
  virtual Outcome commit(const Batch& batch) = 0;
  /// About how many bytes commit() needs in memory besides what the batch points to: rendered messages,
  /// commands, and the driver's copies of them. Lanes whose batches together need too much take turns.
  virtual std::size_t bytes_while_sending(const Batch&) const { return 0; }

  /// Whether commit_together() takes this batch. If so, it also takes those of other parts of its stream.
  virtual bool commits_together(const Batch&) const { return false; }
  /// Commits batches of different lanes in one transaction. The outcome is that of each of them. Returns
  /// nothing if none was committed and each should be committed alone.
  virtual std::optional<Outcome> commit_together(const std::vector<const Batch*>&) { return std::nullopt; }
};

}  // namespace sluice
