#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sluice/bson.hpp"
#include "sluice/bson_builder.hpp"

namespace sluice::source {

/// Puts events together that the server sent in fragments ($changeStreamSplitLargeEvent): each fragment is a
/// document of its own with some of the event's fields, its number and how many there are. Fragments may come
/// in several answers; what it holds meanwhile is at most one event.
class EventAssembler {
 public:
  enum class Took : std::uint8_t {
    whole,   ///< a whole event, to be used as it is
    part,    ///< more fragments are to follow
    last,    ///< event() gives the whole event
    misfit,  ///< not the fragment that had to come: the stream is to be opened again behind the last event
  };

  /// A first fragment starts anew, whatever came before it: so it is after the stream was opened again.
  Took take(bson::View event);

  /// The event that the last fragment completed; it has that fragment's resume token. For the order of events
  /// (sluicePlace) it stands where it would if it had not been split: another run may have read it so.
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
