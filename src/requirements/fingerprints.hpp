#pragma once

#include <string>

#include "requirements/requirements.hpp"
#include "sluice/config.hpp"
#include "source/stream_filter.hpp"

/// Hashes that are stored with a position, so that a start with other rules or another filter is noticed.
namespace sluice::requirements {

/// Hash of everything that decides what the rules do with an event. It leaves out `dedup_s` and `linger_ms`,
/// which only affect an effect's delivery. With another window length the stored window counts as inexact
/// (DedupRecord), so a start with it need not be refused.
std::string options_hash(const std::string& database, const Rules& rules);

/// Hash of the filter that decides which events leave the server.
std::string filter_hash(const source::StreamFilter& filter);

/// What a relay's records are marked with: who writes them (RelayHeader::owner), and the hash of the filter.
/// Partitions take only records of their own rules.
std::string relay_version(const Config& config, const StreamConfig& stream, const Rules& rules);

/// What is stored with a position: how it was read, and the hash of the filter. A position that a relay has
/// read, or a feed that readers share, may lie at an event that this filter drops. "feed:" also tells that to
/// versions that know no feeds: they take it for another filter, and open their stream by time. Without it
/// they would ask for a token that their filter drops, and take the position for lost.
std::string position_hash(const Config& config, const Rules& rules, const source::StreamFilter& filter);

}  // namespace sluice::requirements
