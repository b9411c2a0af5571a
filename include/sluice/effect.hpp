#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sluice/bson.hpp"

namespace sluice {

// Plans. A rule makes its plans once, owns them, and returns them from Rule::documents() or
// Rule::projections(). Its effects point to them. A plan does not change while its rule exists.

/// A counter: a number in the documents of a collection.
struct CounterPlan {
  std::string database;
  std::string collection;
  std::string field;          ///< path of the number
  bool create = false;        ///< create the document when a count goes up and there is none
  bool drop_at_zero = false;  ///< delete the document when its count reaches zero

  friend bool operator==(const CounterPlan&, const CounterPlan&) = default;
};

/// Copies of a source document's fields in the target documents that refer to it.
struct CopyPlan {
  struct Field {
    std::string from;  ///< path in the source
    std::string to;    ///< path in the target, or in the array's element where `array` is set
  };
  /// What becomes of the copies when their source is deleted: they stay, the fields are removed, or the whole
  /// target document (with `array`: the element) is.
  enum class WhenGone : std::uint8_t { keep, unset, remove };

  std::string database;
  std::string source;     ///< collection
  std::string target;     ///< collection
  std::string array;      ///< path of the array whose elements hold the references; empty: there is no array
  std::string reference;  ///< path of the source's _id in the target, or in the array's element
  std::vector<Field> fields;
  WhenGone when_gone = WhenGone::keep;
};

// Effects. Each says what is to be done about one event. Effects on one target are merged where that gives
// the same result.

/// Adds to a counter. Carried out exactly once.
struct Increment {
  const CounterPlan* plan;
  bson::Value id;
  std::int64_t delta;
};

/// Brings all copies of a source document up to date with what the source holds at the moment of writing. It
/// carries no values, so a late or repeated refresh cannot bring back an old value.
struct Refresh {
  const CopyPlan* plan;
  bson::Value source_id;
};

/// Brings the copies in one target document up to date with what its sources hold at the moment of writing.
struct Fill {
  const CopyPlan* plan;
  bson::Value target_id;
  bson::View seen;  ///< the target as the event shows it; absent: it is read
};

/// Where and how a built-in rule delivers messages. Each sink derives a plan of its own. For the library: a
/// rule of your own delivers nothing; register a sink for that (sluice/extensions.hpp).
class DeliveryPlan {
 public:
  DeliveryPlan() = default;
  virtual ~DeliveryPlan() = default;
  DeliveryPlan(const DeliveryPlan&) = default;
  DeliveryPlan(DeliveryPlan&&) = default;
  DeliveryPlan& operator=(const DeliveryPlan&) = default;
  DeliveryPlan& operator=(DeliveryPlan&&) = default;

  /// The name of the sink that delivers, such as "jetstream".
  virtual std::string_view sink() const = 0;
};

/// One message of a built-in rule. Fields that a sink does not need are empty. The views are valid as long as
/// the event that the message was made of.
struct Message {
  std::string_view verb;     ///< an HTTP method or a Redis command
  std::string_view address;  ///< a subject, URL or key
  std::string_view id;       ///< the same each time the event is read: receivers recognise duplicates by it
  std::string_view headers;  ///< lines of `name: value`
  std::string_view group;    ///< messages of one group may share a request, where the plan allows it
  /// The key by which the receiver partitions and compacts. No data: there is no key, which differs from "".
  std::string_view key;
  /// Empty, or the beginning of a JSON object, up to the name of its last member, whose value is the payload.
  std::string_view envelope;
  bson::View payload;     ///< the document to send, in the plan's format
  std::string_view text;  ///< the bytes to send, where there is no payload
  /// `_data` of the event's token, by which a sink that stores positions of its own knows what it has sent.
  /// "" for a snapshot.
  std::string_view position;
  std::uint64_t shard_hash = 0;  ///< ChangeEvent::shard_hash
};

/// Delivers a message. Messages with one key are delivered in the order of their events.
struct Deliver {
  const DeliveryPlan* plan;
  const Message* message;
};

/// Documents that a rule writes into a collection of the cluster that it reads.
struct DocumentPlan {
  enum class Mode : std::uint8_t {
    insert,  ///< creates the document; one that exists under the _id is left as it is
    upsert,  ///< sets the values in the document, which is created if there is none
    update,  ///< sets the values in the document, if it exists
    remove,  ///< deletes the document, if it exists
    append,  ///< appends an event to an aggregate, under the aggregate's next number
  };

  std::string database;
  std::string collection;
  Mode mode = Mode::insert;
  /// With upsert and update: an update pipeline, as {u: [stages]}, which is applied instead of setting the
  /// values. $$new is the values there.
  std::vector<std::uint8_t> pipeline = {};
  /// With insert: each _id is an ObjectId derived from its event, so no two documents share one.
  bool ids_of_events = false;
  /// The values replace the whole document. Otherwise each value is set, and other fields stay.
  bool whole = false;
  /// With upsert and update: the paths that the values may set; empty: any. `check` and the worker use them
  /// to warn of rules that trigger each other.
  std::vector<std::string> sets = {};

  /// With append: the collection of the aggregates' last numbers.
  std::string heads() const { return collection + ".heads"; }
};

/// Writes a document, exactly once. Documents with one key are written in the order of their events.
struct Put {
  const DocumentPlan* plan;
  bson::Value id;     ///< _id of the document; with append, of the aggregate
  bson::View values;  ///< without _id; absent with remove; with append the whole event without its number
};

/// Makes the event a dead letter of this rule.
struct Reject {
  std::int32_t code;   ///< for `sluice dead list --error`
  const char* reason;  ///< a sentence; static, or kept in the event's memory
};

using EffectBody = std::variant<Increment, Refresh, Fill, Reject, Deliver, Put>;

/// An effect with its key. Effects with one key are carried out in the order of their events; there is no
/// order between different keys. So the key is a hash of the target: bson::Identity(id).hash(seed), with a
/// seed for each target collection.
struct Effect {
  EffectBody body;
  std::uint64_t key = 0;
  std::uint16_t rule = 0;  ///< index of the rule in its stream; set by the library
};

}  // namespace sluice
