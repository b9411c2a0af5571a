#pragma once

#include <filesystem>
#include <string>

namespace sluice::test {

/// A new folder. The destructor removes it with its contents.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  std::filesystem::path path() const { return path_; }
  /// Writes a file into it and returns its path.
  std::string write(const std::string& name, const std::string& text) const;

 private:
  std::filesystem::path path_;
};

/// Removes the folders that killed test programs have left.
void remove_stale_directories();

std::string read_file(const std::filesystem::path& path);

}  // namespace sluice::test
