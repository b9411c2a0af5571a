#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sluice/bson.hpp"
#include "sluice/bson_builder.hpp"

namespace sluice::source {

/// Joins events that the server sent in fragments ($changeStreamSplitLargeEvent). Each fragment is a document
/// with some of the event's fields, its own number and the total number of fragments. The fragments of an
/// event may come in several answers. Holds one event at most.
class EventAssembler {
 public:
  enum class Took : std::uint8_t {
    whole,   ///< an event that was not split; use it as it is
    part,    ///< more fragments follow
    last,    ///< the last fragment; event() returns the whole event
    misfit,  ///< not the expected fragment: the stream has to be reopened after the last whole event
  };

  /// A first fragment discards an incomplete event: it comes when the stream was reopened.
  Took take(bson::View event);

  /// The event that the last fragment completed, with that fragment's resume token. Its field sluicePlace
  /// orders it among the other events as if it had not been split, since another run may have read it
  /// unsplit.
  std::vector<std::uint8_t> event();

  bool in_mid_event() const { return expected_ > 1; }
  void clear();

 private:
  void add_fields(bson::View fragment);
  void note_place(bson::View fragment);

  bson::Builder fields_;
  std::string place_;
  std::int64_t expected_ = 1;  ///< the number of the next fragment
  std::int64_t of_ = 0;
};

}  // namespace sluice::source
