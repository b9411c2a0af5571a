#pragma once

#include <string>

#include "pipeline/needs.hpp"
#include "source/stream_filter.hpp"

/// What is stored beside a position, so that a start under other rules or another filter is noticed.
namespace sluice::pipeline {

/// Of everything that decides what the rules do with an event.
std::string options_hash(const std::string& database, const Rules& rules);

/// Of which events leave the server.
std::string filter_hash(const source::StreamFilter& filter);

}  // namespace sluice::pipeline
