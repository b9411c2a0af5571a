#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::flow {

/// Decides which records of a relay's partition are events to process, and whether any are missing.
///
/// Tokens grow with the sequence, so a record whose token is not above the position is one that was read
/// before. Each record names the sequence of the one before it in its partition. If that is above what has
/// been read, records were dropped from the log before they could be read.
class RelayCursor {
 public:
  enum class Found : std::uint8_t {
    known,  ///< read before
    next,   ///< the next event; the position is its token now
    gap,    ///< events before it are missing
  };

  RelayCursor() = default;
  /// Everything up to the sequence `read_to` was read, or lies before `position`.
  RelayCursor(std::string position, std::uint64_t read_to)
      : position_(std::move(position)), read_to_(read_to) {}

  /// `whole`: it is the last, or only, part of its event. The parts before are `next` as well, and leave the
  /// position where it is.
  Found record(std::string_view token, std::uint64_t sequence, std::uint64_t previous, bool whole = true) {
    if (sequence <= read_to_) return Found::known;
    if (token <= position_) {
      read_to_ = sequence;
      return Found::known;
    }
    if (previous > read_to_) return Found::gap;
    read_to_ = sequence;
    if (whole) position_ = token;
    return Found::next;
  }

  const std::string& position() const { return position_; }
  std::uint64_t read_to() const { return read_to_; }

 private:
  std::string position_;
  std::uint64_t read_to_ = 0;
};

/// Finds the newest record whose token is not above a position, among the places `first` to `last`, by asking
/// for about log2(n) records. All of the position's events lie behind that record.
class RelaySearch {
 public:
  RelaySearch(std::uint64_t first, std::uint64_t last) : low_(first), high_(last + 1) {}

  bool done() const { return low_ >= high_; }
  /// The place whose record to look at.
  std::uint64_t ask() const { return low_ + (high_ - low_) / 2; }
  /// Whether the record of ask() is at or before the position.
  void answer(bool at_or_before) { at_or_before ? low_ = ask() + 1 : high_ = ask(); }
  /// Behind it the search begins to read; below `first` where no record is at or before the position.
  std::uint64_t found() const { return low_ - 1; }

 private:
  std::uint64_t low_;
  std::uint64_t high_;
};

}  // namespace sluice::flow
