#include <cstddef>
#include <cstdint>
#include <string>

#include "config/load.hpp"
#include "rules/registry.hpp"
#include "sluice/error.hpp"

/// Any text as a configuration file. A ConfigError is the right answer to nearly all of them; what must not
/// happen is a crash, a hang, or any other exception.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    const auto loaded = sluice::config::load_text(text, "fuzz.yaml", {}, {});
    sluice::config::effective_text(loaded.effective);
    for (const auto& stream : loaded.config.streams) {
      for (const auto& rule : sluice::rules::make_rules(stream)) {
        rule->fingerprint();
        rule->subscriptions();
        rule->indexes();
        rule->projections();
      }
    }
  } catch (const sluice::ConfigError&) {
  } catch (const sluice::Stop&) {
  }
  return 0;
}
