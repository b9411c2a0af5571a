#include "support/sanitizers.hpp"

#include <filesystem>

#include "support/temporary_directory.hpp"

namespace sluice::test {
namespace {

std::filesystem::path folder() {
  static const TemporaryDirectory reports;
  return reports.path();
}

}  // namespace

Environment sanitizer_settings() {
  const std::string log = ":log_path=" + (folder() / "report").string();
  return {
      {"ASAN_OPTIONS", "abort_on_error=1:detect_leaks=1" + log},
      {"UBSAN_OPTIONS", "halt_on_error=1:print_stacktrace=1" + log},
      // libmongoc and libbson are not instrumented, so their internal accesses would be reported as races.
      {"TSAN_OPTIONS", "halt_on_error=1:second_deadlock_stack=1:ignore_noninstrumented_modules=1" + log},
  };
}

std::string take_sanitizer_reports() {
  std::string all;
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    all += read_file(entry.path());
    std::filesystem::remove(entry.path());
  }
  return all;
}

}  // namespace sluice::test
