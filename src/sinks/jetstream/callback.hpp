#pragma once

#include <exception>
#include <utility>

namespace sluice::sinks::jetstream {

/// Runs `work` in a callback of the C library. An exception must not leave such a callback: it would end the
/// process. If `work` throws, calls `failed` with the exception's text; `failed` must not throw.
template <typename Work, typename Failed>
void in_callback(Work&& work, Failed&& failed) noexcept {
  try {
    std::forward<Work>(work)();
  } catch (const std::exception& error) {
    std::forward<Failed>(failed)(error.what());
  } catch (...) {
    std::forward<Failed>(failed)("an exception of unknown type");
  }
}

}  // namespace sluice::sinks::jetstream
