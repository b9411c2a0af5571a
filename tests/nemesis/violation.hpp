#pragma once

#include <stdexcept>

namespace sluice::nemesis {

/// Something did not hold that has to hold whatever strikes.
class Violation : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace sluice::nemesis
