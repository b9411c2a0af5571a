#pragma once

#include <exception>

#include "sluice/error.hpp"

namespace sluice {

/// Runs the work of a thread, which nothing must be thrown out of. `failed(exit_code, what)` is called for
/// what it throws: with the code of a Stop, and with exit_code::cannot_start for anything else. `failed` must
/// not throw.
template <typename Work, typename Failed>
void run_guarded(const Work& work, const Failed& failed) {
  try {
    work();
  } catch (const Stop& error) {
    failed(error.exit_code(), error.what());
  } catch (const std::exception& error) {
    failed(exit_code::cannot_start, error.what());
  } catch (...) {
    failed(exit_code::cannot_start, "an exception of unknown type");
  }
}

}  // namespace sluice
