#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "core/position.hpp"
#include "flow/time.hpp"
#include "source/event_stream.hpp"
#include "source/feed/feed_admission.hpp"
#include "source/feed/feed_batch.hpp"
#include "source/feed/feed_filter.hpp"
#include "source/feed/feed_queue.hpp"
#include "source/id_hash.hpp"

namespace sluice::source {

/// Makes a change stream with this filter. What the stream uses lives as long as the stream.
using MakeStream = std::function<std::unique_ptr<EventStream>(const StreamFilter&)>;

/// A reader as its feed knows it. Made by Feed::announce().
struct FeedMember {
  FeedMember(FeedNeeds what, MakeStream make) : needs(std::move(what)), make_stream(std::move(make)) {}

  /// It reads for another instance, and has no cursor of its own.
  bool is_tap() const { return !make_stream; }

  enum class Standing : std::uint8_t {  // up to `apart`, it wants nothing of the feed
    announced,                          ///< it has not opened its change stream yet
    apart,                              ///< it reads a cursor of its own
    asking,                             ///< likewise, and it wants to join
    joined,                             ///< it gets the feed's batches
  };

  const FeedNeeds needs;
  const MakeStream make_stream;  ///< empty for a tap
  FeedQueue queue;
  /// A cursor of its own is open. Set by its reader; neither a reader that has joined nor one between two
  /// tries has one.
  std::atomic<bool> has_cursor = false;

  // Guarded by the feed's mutex.
  Standing standing = Standing::announced;
  Position asked;                     ///< where it was when it asked
  std::optional<Error> detach_error;  ///< why it was detached, if its reader has to act on that
  DetachPolicy policy;
  std::uint64_t passed_failures = 0;  ///< of Feed::failures_: how many it has read beyond
};

/// How a feed shares its cursor with those of other instances.
struct FeedSharing {
  /// Makes the cursor: it may get its answers from another instance's feed, or from the change stream that
  /// `own` makes. Empty: the feed shares with nobody.
  std::function<std::unique_ptr<EventStream>(const FeedFilter& filter, const MakeStream& own)> make_cursor =
      {};
  /// Set while the cursor gets its answers from another instance.
  std::shared_ptr<std::atomic<bool>> follows = std::make_shared<std::atomic<bool>>(false);
};

/// Reads one change stream for several readers. It has one cursor, and hands each answer to all readers that
/// have joined. It only saves the server work: a reader that cannot be served by it reads a cursor of its
/// own, as it would without a feed, and joins again when it has come near.
///
/// A reader that is slower than the others is detached, so that it does not hold them up. If all are slow,
/// the feed waits. When the cursor fails, all readers are detached.
///
/// The functions are thread-safe. Without start(), step() does the work of the feed's thread.
class Feed {
 public:
  struct Limits {
    std::int64_t queue_bytes = 16 << 20;  ///< of answers that wait for readers; one answer always may
    std::int64_t kept_bytes = 8 << 20;    ///< of answers that are kept for readers that join
    int cursor_batch = 1000;              ///< events in one answer that each reader has for itself
    /// How long readers that have asked wait for others that are about to begin. It begins again with each
    /// that comes, up to a few times as long in all.
    flow::Duration gather = std::chrono::seconds(1);
    /// How long a reader that has asked waits for the answer before it reads on by itself.
    flow::Duration answer = std::chrono::milliseconds(20);
    /// A feed that has not finished a step for so long hangs in a call to the server.
    flow::Duration silence = std::chrono::seconds(3);
  };

  using Say = std::function<void(const std::string&)>;

  using Now = std::function<flow::Time()>;

  /// `memory` is charged for the answers. `say` logs a warning; any thread may call it. `now`: the clock.
  Feed(std::string name, Limits limits, std::shared_ptr<flow::BudgetPool> memory, Say say,
       Now now = flow::Clock::now, FeedSharing sharing = {});
  ~Feed();
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  const std::string& name() const { return name_; }

  /// Starts the feed's thread.
  void start();
  void request_stop();
  /// Waits for the feed's thread, and so for its present call to the server.
  void join();
  bool is_unused() const;

  /// Without `make_stream`: a tap.
  std::shared_ptr<FeedMember> announce(FeedNeeds needs, MakeStream make_stream);
  void leave(const std::shared_ptr<FeedMember>& member);

  /// Nothing if readers with these needs can join, otherwise why not.
  std::optional<std::string> why_not(const FeedNeeds& needs) const;

  /// The reader opens a change stream of its own: it is no longer joined, and its queue is empty.
  void read_apart(FeedMember& member);
  /// Asks to join at this position, unless it is too early or there is nobody to share with.
  /// `caught_up`: the reader has seen all there was at that time.
  void ask(FeedMember& member, const Position& at, bool caught_up);
  FeedMember::Standing standing(const FeedMember& member) const;
  /// If the reader has asked, waits a moment for the feed's answer. Returns the standing then.
  FeedMember::Standing wait_for_answer(const FeedMember& member) {
    return wait_for_answer(member, limits_.answer);
  }
  FeedMember::Standing wait_for_answer(const FeedMember& member, flow::Duration most);
  /// Waits while the feed gathers its first readers. Returns the standing then.
  FeedMember::Standing wait_while_gathering(const FeedMember& member);
  /// A reader has taken a batch.
  void made_room();
  /// Why a reader was detached, once its queue has ended, if it has to act on that. It is apart then.
  std::optional<Error> take_detach_error(FeedMember& member);

  /// Whether its cursor gets its answers from another instance.
  bool follows() const { return *sharing_.follows; }
  /// Whether it hangs; see Limits::silence. Any thread.
  bool is_silent() const;
  flow::Duration longest_silence() const { return limits_.silence; }
  /// What its readers read; see FeedFilter::identity().
  std::string identity() const;
  /// How many other instances get this stream's changes from here.
  std::size_t followers(const std::string& stream) const;

  /// What one step did, and when the next is due.
  struct Step {
    bool read = false;              ///< a batch was handed out; the next step is due at once
    std::optional<flow::Time> due;  ///< otherwise: the latest time; nothing: when something happens
  };
  Step step();

  struct Counts {
    std::size_t readers = 0;   ///< that have opened
    std::size_t detached = 0;  ///< of those, the ones that read cursors of their own although they may share
    std::size_t cursors = 0;   ///< open at present: the feed's and the readers' own
    std::size_t detaches = 0;  ///< how often a reader was detached because it was slower than others
    std::size_t openings = 0;  ///< how often the feed's cursor was opened
    std::size_t taps = 0;      ///< other instances' feeds that get their answers from this one
    std::size_t follows = 0;   ///< 1: it gets its own from another instance
  };
  Counts counts() const;

 private:
  using Members = std::vector<std::shared_ptr<FeedMember>>;
  /// What the feed's thread has to do before it reads on.
  struct Opening {
    std::shared_ptr<const FeedFilter> filter;
    Position at;
    MakeStream make_stream;
  };

  void run(const std::stop_token& stop);
  bool gathering(flow::Time now, Step& step) const;
  std::optional<Opening> plan(flow::Time now);
  void admit_askers(const Members& askers, const Admissions& admissions, flow::Time now);
  bool narrower(flow::Time now);
  std::shared_ptr<const FeedFilter> needed() const;
  int batch_for(const StreamFilter& filter) const;
  std::int64_t most_bytes() const;
  std::size_t most_events() const;
  std::optional<Error> open(const Opening& opening);
  bool has_room(flow::Time now, Step& step);
  bool has_bytes();
  bool detach_slow(flow::Time now, bool by_bytes);
  void read(flow::Time now);
  void keep(std::shared_ptr<const FeedBatch> batch);
  void drop_oldest();
  std::shared_ptr<FeedBatch> mark(std::unique_ptr<StreamBatch> answer);
  void fail(const Error& error, flow::Time now);
  void detach(FeedMember& member, const std::optional<Error>& why);
  Members in(FeedMember::Standing standing) const;
  /// Those of this instance that have joined.
  Members sharing_here() const;
  void detach_taps();
  void close(bool opening = false);

  const std::string name_;
  const Limits limits_;
  const std::shared_ptr<flow::BudgetPool> memory_;
  const Say say_;
  const Now now_;
  const FeedSharing sharing_;
  std::atomic<flow::Time> stepped_at_;  ///< when a step began or ended last

  mutable std::mutex mutex_;
  std::condition_variable changed_;   ///< wakes the feed's thread
  std::condition_variable answered_;  ///< wakes readers that wait while it gathers
  std::uint64_t changes_ = 0;
  Members members_;
  std::optional<flow::Time> first_asked_;  ///< while it gathers
  flow::Time last_asked_{};
  /// How often the cursor failed with an error that one event may cause. Who has not yet read beyond that
  /// event may not join, since the feed would fail again.
  std::uint64_t failures_ = 0;
  DetachPolicy after_failure_;
  std::size_t detaches_ = 0;
  std::size_t openings_ = 0;
  bool blocked_ = false;  ///< it waits for room in the queues
  bool someone_left_ = false;
  flow::Time opened_at_{};
  bool open_ = false;
  bool opening_ = false;

  // Used by the feed's thread only.
  std::unique_ptr<EventStream> cursor_;
  std::shared_ptr<FeedMember> maker_;  ///< whose stream the cursor is
  std::shared_ptr<const FeedFilter> filter_;
  Position at_;
  flow::Time began_{};
  std::deque<std::shared_ptr<const FeedBatch>> kept_;
  std::int64_t kept_bytes_ = 0;
  std::int64_t last_size_ = 0;
  std::int64_t bytes_of_an_event_ = 4096;           ///< as of the last answer
  std::optional<flow::PoolMembership> membership_;  ///< while the cursor is open
  const std::shared_ptr<std::atomic<std::int64_t>> bytes_queued_ =
      std::make_shared<std::atomic<std::int64_t>>(0);
  std::optional<IdHasher> hasher_;
  std::jthread thread_;
};

}  // namespace sluice::source
