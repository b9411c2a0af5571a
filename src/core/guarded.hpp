#pragma once

#include <exception>

#include "sluice/error.hpp"

namespace sluice {

/// Runs the work of a thread, so that no exception leaves the thread. If `work` throws, `failed(exit_code,
/// what)` is called, with the code of a Stop or with exit_code::cannot_start for anything else. `failed` must
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
