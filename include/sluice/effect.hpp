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

/// The shape of a JetStream stream: what is asked for where the stream has to be made, and compared with what
/// stands where it is there already. Zero leaves a limit to the server.
struct StreamShape {
  enum class Retention : std::uint8_t { limits, interest, work_queue };

  std::string name;
  std::vector<std::string> subjects;
  std::vector<std::string> needed;  ///< those that messages have: one that is there already must take them
  bool create = true;               ///< make it where it is missing
  Retention retention = Retention::limits;
  bool discard_new = false;  ///< a full stream refuses what is new, instead of dropping what is old
  std::int64_t replicas = 1;
  std::int64_t duplicate_window_ms = 120'000;
  std::int64_t max_age_ms = 0;
  std::int64_t max_bytes = 0;
  std::int64_t max_messages = 0;
};

/// Where and how a rule's messages are published. Made once by a rule, shared by all its effects.
struct PublishPlan {
  enum class Format : std::uint8_t { relaxed_json, canonical_json, bson };

  StreamShape stream;
  Format format = Format::relaxed_json;
  std::string message_id;  ///< how messages get their ids, as the rule states it
};

/// One message. Lives in the batch of the event that it was made from.
struct Message {
  std::string_view subject;
  std::string_view id;       ///< the same whenever the event is read again: duplicates are dropped by it
  std::string_view headers;  ///< lines of `name: value`
  /// Empty, or the text of a JSON object that is open behind the name of its last member: the payload is that
  /// member's value.
  std::string_view envelope;
  bson::View payload;
};

/// Publish a message. Messages with one key keep their order.
struct Publish {
  const PublishPlan* plan;
  const Message* message;
};

/// The event cannot be carried out; it goes to the dead letters with this reason.
struct Reject {
  std::int32_t code;
  const char* reason;  ///< static text
};

using EffectBody = std::variant<Increment, Refresh, Fill, Reject, Publish>;

/// What a rule wants done. `key` names the target that the effect is about: effects with one key go through
/// one lane in stream order, and those of one kind may be merged.
struct Effect {
  EffectBody body;
  std::uint64_t key = 0;
  std::uint16_t rule = 0;  ///< index of the rule in its stream; set by the pipeline
};

}  // namespace sluice
