#include "support/temporary_directory.hpp"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace sluice::test {
namespace {

// sluice-test-<process>-<six letters>
const std::string prefix = "sluice-test-";

bool is_running(const std::string& process) {
  return ::kill(static_cast<pid_t>(std::atoi(process.c_str())), 0) == 0 || errno != ESRCH;
}

void remove_stale(const std::filesystem::path& folder, const std::string& start) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(start) || is_running(name.substr(start.size()))) continue;
    std::filesystem::remove_all(entry.path(), ignored);
  }
}

}  // namespace

// Also removes libmongoc's counter files of killed processes: libmongoc warns if a new process with the same
// number finds one.
void remove_stale_directories() {
  remove_stale(std::filesystem::temp_directory_path(), prefix);
  remove_stale("/dev/shm", "mongoc-");
}

TemporaryDirectory::TemporaryDirectory() {
  const std::string name = prefix + std::to_string(getpid()) + "-XXXXXX";
  std::string pattern = (std::filesystem::temp_directory_path() / name).string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a folder like " + pattern);
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::write(const std::string& name, const std::string& text) const {
  const auto path = path_ / name;
  std::ofstream(path) << text;
  return path.string();
}

std::string read_file(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace sluice::test
