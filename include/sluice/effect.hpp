#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sluice/bson.hpp"

namespace sluice {

/// Where a counter lives. Made once by a rule, shared by all its effects.
struct CounterPlan {
  std::string database;
  std::string collection;
  std::string field;
  bool create = false;        ///< make the document when a count goes up and there is none
  bool drop_at_zero = false;  ///< remove the document when its count reaches zero
};

/// Which fields of a source document have copies in which targets. Made once by a rule.
struct CopyPlan {
  struct Field {
    std::string from;  ///< path in the source
    std::string to;    ///< path in the target; relative to the array's element where there is an array
  };
  enum class WhenGone : std::uint8_t { keep, unset, remove };

  std::string database;
  std::string source;
  std::string target;
  std::string array;      ///< path of the array that holds the references; empty: a plain field
  std::string reference;  ///< path of the reference; relative to the array's element where there is an array
  std::vector<Field> fields;
  WhenGone when_gone = WhenGone::keep;
};

/// Add to a counter: a delta on whatever stands there.
struct Increment {
  const CounterPlan* plan;
  bson::Value id;
  std::int64_t delta;
};

/// Bring every copy of a source document to what the source holds at the moment of writing. It carries no
/// values: a late or repeated refresh can therefore never put an old value back.
struct Refresh {
  const CopyPlan* plan;
  bson::Value source_id;
};

/// Bring the copies in one target document to what its sources hold at the moment of writing.
struct Fill {
  const CopyPlan* plan;
  bson::Value target_id;
  bson::View seen;  ///< the target as the event showed it, or absent: then it is read
};

/// Where a rule sends what leaves MongoDB, and how: each sink derives what it has to know
/// (sluice/jetstream.hpp and its neighbours). Made once by a rule, shared by all its effects.
class DeliveryPlan {
 public:
  DeliveryPlan() = default;
  virtual ~DeliveryPlan() = default;
  DeliveryPlan(const DeliveryPlan&) = default;
  DeliveryPlan(DeliveryPlan&&) = default;
  DeliveryPlan& operator=(const DeliveryPlan&) = default;
  DeliveryPlan& operator=(DeliveryPlan&&) = default;

  /// The name of the sink that carries it out. One that takes the plan casts it to its own.
  virtual std::string_view sink() const = 0;
};

/// One message. Lives in the batch of the event that it was made from. What a sink has no use for is empty.
struct Message {
  std::string_view verb;     ///< what is done: an HTTP method, a Redis command
  std::string_view address;  ///< to what: a subject, a URL, a key
  std::string_view id;       ///< the same whenever the event is read again: duplicates are dropped by it
  std::string_view headers;  ///< lines of `name: value`
  /// Those of one group may go out together, where the plan says so.
  std::string_view group;
  /// Empty, or the text of a JSON object that is open behind the name of its last member: the payload is that
  /// member's value.
  std::string_view envelope;
  bson::View payload;     ///< a document, written in the plan's format
  std::string_view text;  ///< or the very bytes that are sent, where there is no payload
};

/// Send a message out. Messages with one key keep their order.
struct Deliver {
  const DeliveryPlan* plan;
  const Message* message;
};

/// Which documents a rule makes, and how they get into their collection. Made once by a rule.
struct DocumentPlan {
  enum class Mode : std::uint8_t {
    insert,  ///< once: what stands under the id is left as it is
    upsert,  ///< writes the values into a document that is made where there is none
    update,  ///< writes the values into a document that is there
    remove,
    append,  ///< to the events of an aggregate, under its next number
  };

  std::string database;
  std::string collection;
  Mode mode = Mode::insert;
  /// With upsert and update, in the place of setting the values: {u: [stages]}, an update's pipeline in which
  /// $$new is the values.
  std::vector<std::uint8_t> pipeline = {};
  /// With insert: each id is an ObjectId that its event gives, so no two documents are ever meant by one id.
  bool ids_of_events = false;
  /// The values are the whole document, which they replace: no field stays that they do not have. Otherwise
  /// each is set beside what stands there.
  bool whole = false;
  /// With upsert and update, the paths that the values set, where the settings name them; empty: any.
  std::vector<std::string> sets = {};

  /// With append: where the last number of each aggregate stands.
  std::string heads() const { return collection + ".heads"; }
};

/// Write a document that the rule made. Those with one key are written in the order of their events, each
/// exactly once.
struct Put {
  const DocumentPlan* plan;
  bson::Value id;     ///< the document's, or with append the aggregate's
  bson::View values;  ///< without _id; with append the whole event but its number
};

/// The event cannot be carried out; it goes to the dead letters with this reason.
struct Reject {
  std::int32_t code;
  const char* reason;  ///< static text
};

using EffectBody = std::variant<Increment, Refresh, Fill, Reject, Deliver, Put>;

/// What a rule wants done. `key` names the target that the effect is about: effects with one key go through
/// one lane in stream order, and those of one kind may be merged.
struct Effect {
  EffectBody body;
  std::uint64_t key = 0;
  std::uint16_t rule = 0;  ///< index of the rule in its stream; set by the pipeline
};

}  // namespace sluice
