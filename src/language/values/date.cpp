#include "language/values/date.hpp"

#include <chrono>

namespace sluice::language {

namespace {

/// Reads a text from the front. Once something expected was missing, done() returns false for good.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  int number(std::size_t digits, int least, int most) {
    if (rest_.size() < digits) return missing();
    int number = 0;
    for (const char c : rest_.substr(0, digits)) {
      if (c < '0' || c > '9') return missing();
      number = number * 10 + (c - '0');
    }
    rest_.remove_prefix(digits);
    return number >= least && number <= most ? number : missing();
  }
  bool accept(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!accept(c)) missing();
  }
  int milliseconds() {
    int ms = 0;
    int worth = 100;
    for (; !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9' && worth > 0;
         worth /= 10, rest_.remove_prefix(1)) {
      ms += worth * (rest_[0] - '0');
    }
    return worth == 100 ? missing() : ms;
  }
  bool done() const { return good_ && rest_.empty(); }

 private:
  int missing() {
    good_ = false;
    return 0;
  }

  std::string_view rest_;
  bool good_ = true;
};

std::chrono::milliseconds time_of_day(Reader& reader) {
  const std::chrono::hours hours(reader.number(2, 0, 23));
  reader.expect(':');
  std::chrono::milliseconds time = hours + std::chrono::minutes(reader.number(2, 0, 59));
  if (reader.accept(':')) {
    time += std::chrono::seconds(reader.number(2, 0, 59));
    if (reader.accept('.')) time += std::chrono::milliseconds(reader.milliseconds());
  }
  if (reader.accept('Z')) return time;
  const bool east = reader.accept('+');
  if (!east && !reader.accept('-')) return time;
  std::chrono::minutes ahead = std::chrono::hours(reader.number(2, 0, 14));
  reader.expect(':');
  ahead += std::chrono::minutes(reader.number(2, 0, 59));
  return east ? time - ahead : time + ahead;
}

}  // namespace

std::optional<std::int64_t> date_of(std::string_view text) {
  Reader reader(text);
  const std::chrono::year year(reader.number(4, 0, 9999));
  reader.expect('-');
  const auto month = std::chrono::month(static_cast<unsigned>(reader.number(2, 1, 12)));
  reader.expect('-');
  const std::chrono::year_month_day date(year, month,
                                         std::chrono::day(static_cast<unsigned>(reader.number(2, 1, 31))));
  std::chrono::milliseconds time{};
  if (reader.accept('T') || reader.accept(' ')) time = time_of_day(reader);
  if (!reader.done() || !date.ok()) return std::nullopt;
  return (std::chrono::sys_days(date).time_since_epoch() + time).count();
}

}  // namespace sluice::language
