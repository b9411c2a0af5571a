#pragma once

#include "sluice/event.hpp"
#include "sluice/scratch.hpp"

namespace sluice::rules {

/// The event as the server sent it, without fields of ours.
bson::View whole_event(const ChangeEvent& event, Scratch& scratch);

}  // namespace sluice::rules
