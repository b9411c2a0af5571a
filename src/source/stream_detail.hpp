#pragma once

#include "sluice/bson_builder.hpp"
#include "source/stream_filter.hpp"

namespace sluice::source {

/// Appends the stage that reduces each event to what `filter.detail` asks for; no stage for whole events. The
/// stage adds the field sluiceDetail, because a field that was left out looks like one that does not exist.
void append_detail(bson::Builder& pipeline, const StreamFilter& filter);

}  // namespace sluice::source
