#pragma once

#include "flow/time.hpp"

namespace sluice::flow {

/// Decides when to renew a lease and when to consider it expired. A wrong decision is harmless, because a
/// holder with a stale epoch cannot commit.
class Lease {
 public:
  /// `asked`: when the request for the lease was sent. The lease counts from then, not from the answer, since
  /// the server's clock has started before the answer arrives.
  Lease(Duration length, Time asked) : length_(length), renewed_(asked) {}

  /// After a third of its length, so that there is time for further attempts before it expires.
  Time renew_at() const { return renewed_ + length_ / 3; }
  bool expired(Time now) const { return now >= renewed_ + length_; }
  void renewed(Time asked) { renewed_ = asked; }

 private:
  Duration length_;
  Time renewed_;
};

}  // namespace sluice::flow
