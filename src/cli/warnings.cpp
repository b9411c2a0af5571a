#include "cli/warnings.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <ostream>

namespace sluice::cli {

void warn_of_secrets(const Arguments& arguments, std::ostream& err) {
  for (const auto& [name, value] : arguments.flags) {
    const config::Option& option = config::option(name);
    if (config::shown_value(option, value) == value) continue;
    err << fmt::format(
        "sluice: warning: --{} contains a secret, which everyone can see who can list the processes of this "
        "machine; use {} or a file instead\n",
        name, option.env);
  }
}

void warn_of_writers(const std::string& file, std::ostream& err) {
  struct stat found {};
  if (::stat(file.c_str(), &found) != 0 || !S_ISREG(found.st_mode)) return;
  const bool group = (found.st_mode & S_IWGRP) != 0;
  const bool others = (found.st_mode & S_IWOTH) != 0;
  if (!group && !others) return;
  err << fmt::format(
      "sluice: warning: {} can be written by {}, who can thereby control the worker; run: chmod {} {}\n",
      file, others ? "everybody" : "its group", others ? "go-w" : "g-w", file);
}

}  // namespace sluice::cli
