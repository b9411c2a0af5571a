#pragma once

#include <exception>
#include <utility>

namespace sluice::sinks::jetstream {

/// Does `work` in a callback of the C library, whose threads no exception may cross: that would end the
/// process. What `work` throws is handed to `failed`, which may not throw itself.
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
