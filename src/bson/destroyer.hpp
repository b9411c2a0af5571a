#pragma once

namespace sluice {

/// Makes a unique_ptr of a C library's handle, freed by the library's own function.
template <auto Destroy>
struct Destroyer {
  template <typename Handle>
  void operator()(Handle* handle) const {
    Destroy(handle);
  }
};

}  // namespace sluice
