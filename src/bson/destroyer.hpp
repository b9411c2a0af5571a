#pragma once

namespace sluice {

/// A deleter for a unique_ptr to a C library's handle. It calls the library's function `Destroy`.
template <auto Destroy>
struct Destroyer {
  template <typename Handle>
  void operator()(Handle* handle) const {
    Destroy(handle);
  }
};

}  // namespace sluice
