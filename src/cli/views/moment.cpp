#include "cli/views/moment.hpp"

#include <fmt/chrono.h>

#include <charconv>
#include <chrono>

namespace sluice::cli {

namespace {

using namespace std::chrono;

/// Reads a text from its beginning.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  bool good() const { return good_; }
  char peek() const { return rest_.empty() ? '\0' : rest_.front(); }

  bool skip(char c) {
    if (peek() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) { good_ = skip(c) && good_; }

  /// A number of exactly `count` digits.
  int digits(std::size_t count) {
    int number = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const char c = peek();
      if (c < '0' || c > '9') {
        good_ = false;
        return 0;
      }
      number = number * 10 + (c - '0');
      rest_.remove_prefix(1);
    }
    return number;
  }

  /// The digits after a decimal point, as milliseconds; further digits are ignored.
  int fraction() {
    int ms = 0;
    int weight = 100;
    good_ = good_ && peek() >= '0' && peek() <= '9';
    while (peek() >= '0' && peek() <= '9') {
      ms += weight * (peek() - '0');
      weight /= 10;
      rest_.remove_prefix(1);
    }
    return ms;
  }

 private:
  std::string_view rest_;
  bool good_ = true;
};

std::optional<minutes> scan_zone(Scanner& scanner) {
  if (scanner.at_end() || scanner.skip('Z')) return minutes(0);
  const bool west = scanner.peek() == '-';
  if (!west && scanner.peek() != '+') return std::nullopt;
  scanner.skip(scanner.peek());
  const int hour = scanner.digits(2);
  scanner.skip(':');
  const minutes ahead = hours(hour) + minutes(scanner.digits(2));
  return west ? -ahead : ahead;
}

std::optional<milliseconds> scan_time(Scanner& scanner) {
  const int hour = scanner.digits(2);
  scanner.expect(':');
  const int minute = scanner.digits(2);
  int second = 0;
  int ms = 0;
  if (scanner.skip(':')) {
    second = scanner.digits(2);
    if (scanner.skip('.')) ms = scanner.fraction();
  }
  const auto zone = scan_zone(scanner);
  if (!zone || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return hours(hour) + minutes(minute) + seconds(second) + milliseconds(ms) - *zone;
}

std::optional<std::int64_t> scan_iso(std::string_view text) {
  Scanner scanner(text);
  const int year_number = scanner.digits(4);
  scanner.expect('-');
  const int month_number = scanner.digits(2);
  scanner.expect('-');
  const int day_number = scanner.digits(2);
  const year_month_day date{year(year_number), month(static_cast<unsigned>(month_number)),
                            day(static_cast<unsigned>(day_number))};
  std::optional<milliseconds> time(0);
  if (!scanner.at_end()) {
    if (!scanner.skip('T')) scanner.expect(' ');
    time = scan_time(scanner);
  }
  if (!scanner.good() || !scanner.at_end() || !date.ok() || !time) return std::nullopt;
  return (sys_days(date).time_since_epoch() + *time).count();
}

std::optional<milliseconds> unit(char letter) {
  switch (letter) {
    case 's':
      return seconds(1);
    case 'm':
      return minutes(1);
    case 'h':
      return hours(1);
    case 'd':
      return days(1);
    case 'w':
      return weeks(1);
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<std::int64_t> parse_moment(std::string_view text, std::int64_t now_ms) {
  constexpr int most = 1'000'000;  // even in weeks, the milliseconds do not overflow
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool one_left = error == std::errc() && end + 1 == text.data() + text.size();
  const auto one = one_left ? unit(*end) : std::nullopt;
  if (!one) return scan_iso(text);
  if (number < 0 || number > most) return std::nullopt;
  return now_ms - number * one->count();
}

std::string moment_text(std::int64_t ms) {
  const auto whole = floor<seconds>(sys_time<milliseconds>(milliseconds(ms)));
  return fmt::format("{:%Y-%m-%d %H:%M:%S}Z", fmt::gmtime(system_clock::to_time_t(whole)));
}

}  // namespace sluice::cli
