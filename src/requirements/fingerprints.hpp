#pragma once

#include <string>

#include "requirements/requirements.hpp"
#include "source/stream_filter.hpp"

/// Hashes that are stored with a position, so that a start with other rules or another filter is noticed.
namespace sluice::requirements {

/// Hash of everything that decides what the rules do with an event. It leaves out `dedup_s` and `linger_ms`,
/// which only affect an effect's delivery. With another window length the stored window counts as inexact
/// (DedupRecord), so a start with it need not be refused.
std::string options_hash(const std::string& database, const Rules& rules);

/// Hash of the filter that decides which events leave the server.
std::string filter_hash(const source::StreamFilter& filter);

}  // namespace sluice::requirements
