#pragma once

#include "sluice/bson_builder.hpp"
#include "source/stream_filter.hpp"

namespace sluice::source {

/// Appends the stage that leaves out of each event what `filter.detail` does not ask for; none for whole
/// events. It marks the events (sluiceDetail), for what is left out cannot be told from what is not there.
void append_detail(bson::Builder& pipeline, const StreamFilter& filter);

}  // namespace sluice::source
