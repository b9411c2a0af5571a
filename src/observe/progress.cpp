#include "observe/progress.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::observe {

namespace {

constexpr auto redraw = std::chrono::milliseconds(200);
constexpr auto say_again = std::chrono::seconds(5);
constexpr int bar_width = 24;

std::string bar(std::int64_t done, std::int64_t total) {
  const auto filled = static_cast<std::size_t>(total > 0 ? std::min(done, total) * bar_width / total : 0);
  return "[" + std::string(filled, '#') + std::string(bar_width - filled, '.') + "] ";
}

std::string duration(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace

std::string Progress::sentence(const std::string& name, std::int64_t done, std::int64_t total,
                               double seconds) {
  std::string text = fmt::format("{}: {}", name, done);
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  if (total > 0) text += fmt::format(" of {} ({} %)", total, std::min<std::int64_t>(100, done * 100 / total));
  if (rate > 0) text += fmt::format(", {:.0f}/s", rate);
  if (rate > 0 && total > done) text += ", " + duration(static_cast<double>(total - done) / rate) + " to go";
  return text;
}

void Progress::update(const std::string& name, std::int64_t done, std::int64_t total, Clock::time_point now) {
  const bool fresh = name != name_;
  if (fresh) {
    name_ = name;
    began_ = now;
  }
  const bool due = now - said_ >= (terminal_ ? Clock::duration(redraw) : Clock::duration(say_again));
  if (!due && !(fresh && terminal_)) return;
  said_ = now;
  const std::string text = sentence(name, done, total, std::chrono::duration<double>(now - began_).count());
  if (!terminal_) {
    write_(text);
    return;
  }
  write_("\r\x1b[K" + bar(done, total) + text);
  drawn_ = true;
}

void Progress::clear() {
  if (drawn_) write_("\r\x1b[K");
  drawn_ = false;
}

}  // namespace sluice::observe
