#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/arena.hpp"
#include "sluice/collection_set.hpp"
#include "sluice/effect.hpp"
#include "sluice/event.hpp"
#include "sluice/projection.hpp"

namespace sluice {

/// The document as it stands, beside an update (inserts and replaces always have it).
enum class FullDocument : std::uint8_t {
  off,
  look_up,         ///< as a majority has it when the event is read: maybe newer than the event, maybe gone
  when_available,  ///< as the event left it, where the server still has that
  required,        ///< likewise; an event without it goes to the rule's dead letters
};

/// The document as it was before an update, replace or delete.
enum class BeforeImage : std::uint8_t {
  off,
  if_kept,         ///< where the server has it; whether the collection keeps any is not for us to decide
  when_available,  ///< where the server still has it
  required,        ///< likewise; an event without it goes to the rule's dead letters
};

/// One collection that a rule reads, or all that patterns match, and what of it. The stream's pipeline is
/// compiled from these, so that what no rule reads never leaves the server.
struct Subscription {
  std::string collection;
  bool inserts = true;
  bool replaces = true;
  bool updates = true;
  bool deletes = true;
  bool any_field = false;  ///< every update, whatever it touched
  /// Also what happens to the whole collection: that it is dropped, with or without its database; that it is
  /// renamed, or another one to its name.
  bool drops = false;
  bool renames = false;
  /// What the rule reads of a document. Updates that touch none of these are not sent (empty: none are,
  /// unless any_field), and of an event that is too large to be sent whole only these are there
  /// (Detail::needed).
  std::vector<std::string> fields;
  FullDocument full_document = FullDocument::off;
  BeforeImage before = BeforeImage::off;
  /// An aggregation expression over the event, as {where: expression}; empty: every event. Where it does not
  /// hold the rule does not see the event. It sees redacted fields, for the server evaluates it first.
  std::vector<std::uint8_t> where = {};
  /// Paths that never leave the server: not in the documents, not in the update's description.
  std::vector<std::string> redacted = {};
  /// Of the documents and the update's description only these paths (and _id) are sent; empty: everything.
  std::vector<std::string> projected = {};
  /// apply() is called with nothing but what is asked for here: these operations, updates of these fields,
  /// `where`, and the images that are required. Otherwise a rule may see what another one asked for.
  bool exact = false;
  /// With `exact`: changes that this pipeline made itself are not for the rule.
  bool ignores_own = false;
  /// An aggregation expression over the event, as {made: expression}, whose value the server sends along with
  /// an event that is for the rule (ChangeEvent::made), under this name; empty: none.
  std::vector<std::uint8_t> made = {};
  std::string made_name = {};
  /// The collections that patterns match; `collection` then is their text. Null: only `collection`.
  std::shared_ptr<const CollectionSet> set = {};

  bool reads(std::string_view name) const { return set ? set->contains(name) : collection == name; }
  /// Whether both may read one collection. False only where that is certain.
  bool may_share(const Subscription& other) const {
    if (collection == other.collection) return true;
    if (set && other.set) return set->may_share(*other.set);
    return set ? set->contains(other.collection) : other.set && other.set->contains(collection);
  }

  /// Whether the collection has to keep images of its documents (changeStreamPreAndPostImages).
  bool needs_images() const {
    return before >= BeforeImage::when_available || full_document == FullDocument::when_available ||
           full_document == FullDocument::required;
  }
};

/// An index that a rule's writes look their targets up by.
struct IndexNeed {
  std::string collection;
  std::string field;
};

/// Where a rule puts what it wants done.
class Effects {
 public:
  Effects(std::vector<Effect>& out, Arena& arena) : out_(out), arena_(arena) {}

  void add(EffectBody body, std::uint64_t key) { out_.push_back({body, key, 0}); }
  Arena& arena() { return arena_; }

 private:
  std::vector<Effect>& out_;
  Arena& arena_;
};

inline constexpr std::int32_t too_large_code = 10334;  ///< the server's BSONObjectTooLarge
inline constexpr const char* too_large =
    "the event is too large for the server to send, even without the fields that no rule reads, so what it "
    "changed is not known; the targets of this document have to be verified and repaired";

/// What may happen to a rule's effects on their way, whatever the rule.
struct RuleOptions {
  /// Of messages and documents with one key and one content only the first within this time goes on; 0: all.
  std::chrono::milliseconds dedup{0};
  /// How long a lane may wait for more to send together; 0: as the engine says.
  std::chrono::milliseconds linger{0};
};

/// From an event to effects. A rule does no I/O and keeps no state: the same event gives the same effects.
/// apply() is called on the stream's strand, only with events of the collections it subscribed to, and may be
/// called with events that it finds nothing to do for. Effects point into the event's batch and into plans
/// that the rule owns; the pipeline keeps both alive until the effects are resolved.
class Rule {
 public:
  explicit Rule(std::string name) : name_(std::move(name)) {}
  virtual ~Rule() = default;
  Rule(const Rule&) = delete;
  Rule& operator=(const Rule&) = delete;

  const std::string& name() const { return name_; }

  /// Set once, before the rule is used.
  void set_conduct(RuleOptions conduct) { conduct_ = conduct; }
  const RuleOptions& conduct() const { return conduct_; }

  virtual std::vector<Subscription> subscriptions() const = 0;
  virtual std::vector<IndexNeed> indexes() const { return {}; }
  /// What the rule keeps true; the plans are those that its effects point to.
  virtual std::vector<Projection> projections() const { return {}; }
  /// Where it sends messages, if it does.
  virtual std::vector<const DeliveryPlan*> deliveries() const { return {}; }
  /// Which documents it makes, if it does.
  virtual std::vector<const DocumentPlan*> documents() const { return {}; }
  /// Whether what stands in its collections can be sent out on demand (`sluice snapshot`).
  virtual bool has_snapshots() const { return false; }
  /// Whether what stands in its collections is published before the first event.
  virtual bool begins_with_snapshot() const { return false; }
  /// Whether the rule keeps something true, so that it cannot go on by itself where a watched collection was
  /// dropped or renamed. A rule that only tells of changes can.
  virtual bool keeps_state() const { return true; }
  /// The setting by which the rule keeps an order among changes of different documents, such as "order_by";
  /// null where it keeps one among each document's changes only. Shards and partitions divide a stream by the
  /// documents' _id, so that only a stream with a single reader can keep the former.
  virtual const char* orders_across_documents_by() const { return nullptr; }
  virtual void apply(const ChangeEvent& event, Effects& effects) const = 0;

  /// The same for an event that says no more than what happened to which document (Detail::key_only). Unless
  /// a rule can do its work with that, the event goes to the dead letters.
  virtual void apply_key_only(const ChangeEvent& event, Effects& effects) const {
    effects.add(Reject{too_large_code, too_large}, bson::Identity(event.id).hash(0));
  }

  /// Everything that decides what the rule does with an event, as one text: it goes into the checkpoint's
  /// options hash, so that a changed rule under an old position is noticed.
  virtual std::string fingerprint() const = 0;

 private:
  std::string name_;
  RuleOptions conduct_;
};

}  // namespace sluice
