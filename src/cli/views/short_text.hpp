#pragma once

#include <string>

namespace sluice::cli {

/// 950, 12.3k, 4.5M
std::string short_number(double number);

/// 0.4s, 59s, 3m20s, 5h12m, 12d4h
std::string short_time(double seconds);

/// Local date and time; `seconds` since the epoch.
std::string clock_text(double seconds);

/// The text with a blank for each control character: on a terminal that is a command.
std::string without_controls(std::string text);

}  // namespace sluice::cli
