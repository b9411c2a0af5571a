#pragma once

namespace workbench {

/// A deleter for unique_ptr that frees a C library's handle by the library's function `Free`.
template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* handle) const {
    Free(handle);
  }
};

}  // namespace workbench
