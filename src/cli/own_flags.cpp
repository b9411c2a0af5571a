#include "cli/own_flags.hpp"

#include <fmt/format.h>

#include <chrono>

#include "cli/views/moment.hpp"

namespace sluice::cli {

namespace {

std::int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

std::optional<std::string> given(const Arguments& arguments, std::string_view flag) {
  const auto found = arguments.own.find(flag);
  return found == arguments.own.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::int64_t> given_moment(const Arguments& arguments, std::string_view flag) {
  const auto text = given(arguments, flag);
  if (!text) return std::nullopt;
  const auto ms = parse_moment(*text, now_ms());
  if (ms) return ms;
  throw UsageError(
      fmt::format("--{} must be a time such as 2026-11-21T10:54Z, or a time ago (90s, 30m, 2h, 1d), not '{}'",
                  flag, *text));
}

}  // namespace sluice::cli
