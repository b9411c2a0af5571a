#pragma once

#include <string>

#include "requirements/requirements.hpp"
#include "source/stream_filter.hpp"

/// What is stored beside a position, so that a start under other rules or another filter is noticed.
namespace sluice::requirements {

/// Of everything that decides what the rules do with an event. `dedup_s` and `linger_ms` are not part of it:
/// they say what becomes of an effect on its way, and with another window length the stored window is taken
/// for inexact (DedupRecord), so that a start with it need not be refused.
std::string options_hash(const std::string& database, const Rules& rules);

/// Of which events leave the server.
std::string filter_hash(const source::StreamFilter& filter);

}  // namespace sluice::requirements
