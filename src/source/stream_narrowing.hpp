#pragma once

#include "sluice/bson_builder.hpp"
#include "source/stream_filter.hpp"

namespace sluice::source {

/// Appends the stages that remove from each event what no rule may see of its collection
/// (Subscription::redacted and projected), and a looked-up document that no rule of its collection asked for.
/// No stages if every event is sent as it is.
///
/// A $project cannot depend on the event. So the documents and the update of a narrowed collection are moved
/// to a field of that collection's own (sluiceNarrowed.c0), narrowed there, and moved back.
void append_narrowing(bson::Builder& pipeline, const StreamFilter& filter);

}  // namespace sluice::source
