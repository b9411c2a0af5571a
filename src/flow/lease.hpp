#pragma once

#include "flow/time.hpp"

namespace sluice::flow {

/// When to renew a lease, and when to believe that it is gone. Fencing makes a wrong belief harmless: a
/// holder whose epoch is stale cannot commit. This only decides when to ask.
class Lease {
 public:
  /// Held since `asked`, the time at which the request was sent (not answered: the server's clock had started
  /// by then).
  Lease(Duration length, Time asked) : length_(length), renewed_(asked) {}

  /// Three chances before it runs out.
  Time renew_at() const { return renewed_ + length_ / 3; }
  bool expired(Time now) const { return now >= renewed_ + length_; }
  void renewed(Time asked) { renewed_ = asked; }

 private:
  Duration length_;
  Time renewed_;
};

}  // namespace sluice::flow
