#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "workbench/document.hpp"

namespace sensors {

/// A body as a document. Throws BadRequest.
workbench::Document parsed(const std::string& body);

/// A number at a dotted path; nothing where there is none.
std::optional<double> number_at(const workbench::Document& document, const std::string& path);

/// A time at a dotted path, as milliseconds since 1970 or as a text (2026-03-01T12:30:00Z); nothing where
/// there is none.
std::optional<std::int64_t> time_at(const workbench::Document& document, const std::string& path);

/// Milliseconds since 1970 as a date in Extended JSON.
std::string date_json(std::int64_t ms);

}  // namespace sensors
