#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/arena.hpp"
#include "sluice/collection_set.hpp"
#include "sluice/effect.hpp"
#include "sluice/event.hpp"
#include "sluice/projection.hpp"

namespace sluice {

/// Whether updates come with the document after the change. Inserts and replaces always do.
enum class FullDocument : std::uint8_t {
  off,
  look_up,         ///< as it is when the event is read: may be newer than the event, or absent
  when_available,  ///< exactly as the update left it, if the server has it; a worker makes the collection
                   ///< keep images
  required,        ///< likewise; an event without it becomes a dead letter of the rule
};

/// Whether updates, replaces and deletes come with the document before the change.
enum class BeforeImage : std::uint8_t {
  off,
  if_kept,         ///< if the server has it; the library does not make the collection keep images
  when_available,  ///< if the server has it; a worker makes the collection keep images
  required,        ///< likewise; an event without it becomes a dead letter of the rule
};

/// A collection that a rule reads, or the collections that patterns match, and which of its changes. The
/// change stream's server-side filter is compiled from all subscriptions, so changes that no rule reads are
/// not sent.
struct Subscription {
  std::string collection;
  bool inserts = true;
  bool replaces = true;
  bool updates = true;
  bool deletes = true;
  bool any_field = false;  ///< all updates, not only those of `fields`
  bool drops = false;      ///< also the event that the collection or its database is dropped
  bool renames = false;    ///< also the event that the collection is renamed, or another one to its name
  /// The paths that the rule reads. Unless any_field is set, only updates that touch one of them are sent, so
  /// none if the list is empty. An event that is too large to be sent whole has only these paths
  /// (Detail::needed).
  std::vector<std::string> fields;
  FullDocument full_document = FullDocument::off;
  BeforeImage before = BeforeImage::off;
  /// A condition as {where: <aggregation expression over the event>}; empty: none. The rule sees only events
  /// for which it holds. The server evaluates it before it removes redacted fields.
  std::vector<std::uint8_t> where = {};
  /// Paths that the server removes from the documents and from the update's description.
  std::vector<std::string> redacted = {};
  /// The only paths, beside _id, that the server keeps in the documents and in the update's description;
  /// empty: all.
  std::vector<std::string> projected = {};
  /// apply() is called only with events that this subscription asks for: its operations, its fields, `where`,
  /// and with required images. Otherwise a rule also sees events that another rule of the stream asked for.
  bool exact = false;
  /// With `exact`: changes that this pipeline wrote itself are left out.
  bool ignores_own = false;
  /// {made: <aggregation expression over the event>}: the server computes it for each event and sends its
  /// value along, under made_name in ChangeEvent::made; empty: none.
  std::vector<std::uint8_t> made = {};
  std::string made_name = {};
  /// Set if patterns select the collections; then `collection` is the text of the patterns. Null: only
  /// `collection`.
  std::shared_ptr<const CollectionSet> set = {};

  /// Whether the subscription includes this collection.
  bool reads(std::string_view name) const { return set ? set->contains(name) : collection == name; }
  /// Whether both may read the same collection. True in doubt.
  bool may_share(const Subscription& other) const {
    if (collection == other.collection) return true;
    if (set && other.set) return set->may_share(*other.set);
    return set ? set->contains(other.collection) : other.set && other.set->contains(collection);
  }

  /// Whether the collection has to have changeStreamPreAndPostImages enabled.
  bool needs_images() const {
    return before >= BeforeImage::when_available || full_document == FullDocument::when_available ||
           full_document == FullDocument::required;
  }
};

/// An index by which a rule's writes find their targets. With `indexes: create` a worker creates it,
/// otherwise it warns if it is missing.
struct IndexNeed {
  std::string collection;
  std::string field;
};

/// Collects what a rule wants done about an event. Valid during Rule::apply().
class Effects {
 public:
  Effects(std::vector<Effect>& out, Arena& arena) : out_(out), arena_(arena) {}

  /// Adds an effect. See Effect for the key. The body may point to the rule's plans, to the event, and to
  /// memory of the arena.
  void add(EffectBody body, std::uint64_t key) { out_.push_back({body, key, 0}); }
  Arena& arena() { return arena_; }

  // For the library, which takes back what a failed rule has added.

  std::size_t size() const { return out_.size(); }
  std::span<const Effect> since(std::size_t first) const { return std::span(out_).subspan(first); }
  void shrink_to(std::size_t size) { out_.resize(size); }

 private:
  std::vector<Effect>& out_;
  Arena& arena_;
};

/// The reason of a dead letter for an event that was too large, with its code: the server's
/// BSONObjectTooLarge.
inline constexpr std::int32_t too_large_code = 10334;
inline constexpr const char* too_large =
    "the event is too large for the server to send, even without the fields that no rule reads, so what it "
    "changed is not known; the targets of this document have to be verified and repaired";

/// Options that apply to the effects of any rule that does not keep state.
struct RuleOptions {
  /// Deduplication window: a message or document with the same key and content as one seen within this time
  /// is dropped. 0 turns it off.
  std::chrono::milliseconds dedup{0};
  /// How long a batch waits to be filled, also in an idle lane; 0: only as `--batch-linger-ms` says.
  std::chrono::milliseconds linger{0};
};

/// Turns events into effects. A rule is a pure function: it does no I/O, and the same event always gives the
/// same effects, since an event may be read again after a crash.
///
/// The library owns the rule, and keeps it and the events alive until their effects are carried out. A worker
/// makes one object for each part of its stream and calls its apply() from one thread at a time; `check`,
/// `try` and other commands make objects of their own. The functions that describe the rule return the same
/// each time, and are called when it is made.
///
/// An exception from apply() of a rule that was registered by Extensions makes the event a dead letter of the
/// rule, without effects.
class Rule {
 public:
  explicit Rule(std::string name) : name_(std::move(name)) {}
  virtual ~Rule() = default;
  Rule(const Rule&) = delete;
  Rule& operator=(const Rule&) = delete;

  const std::string& name() const { return name_; }

  /// For the library: set once, before the rule is used.
  void set_options(RuleOptions options) { options_ = options; }
  const RuleOptions& options() const { return options_; }

  /// The collections and changes that it reads. At least one.
  virtual std::vector<Subscription> subscriptions() const = 0;
  /// The indexes that its writes need.
  virtual std::vector<IndexNeed> indexes() const { return {}; }
  /// The plans of its Increment, Refresh and Fill effects, each with what it maintains.
  virtual std::vector<Projection> projections() const { return {}; }
  /// The plans of its Deliver effects. Built-in rules only.
  virtual std::vector<const DeliveryPlan*> deliveries() const { return {}; }
  /// The plans of its Put effects.
  virtual std::vector<const DocumentPlan*> documents() const { return {}; }
  /// Whether `sluice snapshot` can hand it the present documents of its collections, as events of
  /// Operation::snapshot.
  virtual bool has_snapshots() const { return false; }
  /// Whether it gets such a snapshot before its first event.
  virtual bool begins_with_snapshot() const { return false; }
  /// Whether its targets become wrong if it misses changes. Then the stream stops when a watched collection
  /// is dropped or renamed, and `--on-lost` says what is done about it. Otherwise the rule goes on.
  virtual bool keeps_state() const { return true; }
  /// The setting by which the rule orders changes of different documents, such as "order_by"; null if it
  /// orders only the changes of one document. Shards and partitions divide a stream by the documents' _id, so
  /// such a rule is refused for more than one of them.
  virtual const char* orders_across_documents_by() const { return nullptr; }
  /// Adds what has to be done about the event; nothing if the event is of no interest. Called only with
  /// events of the collections that it subscribed to.
  virtual void apply(const ChangeEvent& event, Effects& effects) const = 0;

  /// The same for an event that contains only the operation and the document's key (Detail::key_only). By
  /// default the event becomes a dead letter.
  virtual void apply_key_only(const ChangeEvent& event, Effects& effects) const {
    effects.add(Reject{too_large_code, too_large}, bson::Identity(event.id).hash(0));
  }

  /// Everything that decides what the rule does with an event, as one text. Its hash is stored with the
  /// position: a worker whose rules have another one refuses to go on from there, unless it has
  /// `--accept-changed-rules`.
  virtual std::string fingerprint() const = 0;

 private:
  std::string name_;
  RuleOptions options_;
};

}  // namespace sluice
