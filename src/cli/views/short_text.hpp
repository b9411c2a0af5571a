#pragma once

#include <string>

namespace sluice::cli {

/// A number in a few characters: 950, 12.3k, 4.5M.
std::string short_number(double number);

/// A duration in a few characters: 0.4s, 59s, 3m20s, 5h12m, 12d4h.
std::string short_time(double seconds);

/// Local date and time; `seconds` since the epoch.
std::string clock_text(double seconds);

/// The text with each control character replaced by a space, since terminals interpret them.
std::string without_controls(std::string text);

}  // namespace sluice::cli
