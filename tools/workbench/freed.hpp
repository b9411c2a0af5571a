#pragma once

namespace workbench {

/// Makes a unique_ptr of a C library's handle, freed by the library's own function.
template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* handle) const {
    Free(handle);
  }
};

}  // namespace workbench
