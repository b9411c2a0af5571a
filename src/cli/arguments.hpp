#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "config/options/options.hpp"
#include "sluice/config.hpp"

namespace sluice::cli {

/// A command line that means nothing. what() is written for the person who typed it.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What was typed, not yet checked against anything but the names of commands and flags.
struct Arguments {
  std::string command;  ///< "" where only --help, --version or nothing was given; a group with --help only
  std::string file;
  std::vector<std::string> operands;  ///< what follows the file, for commands that take more
  config::Values flags;               ///< by option name, without `--`
  config::Values own;  ///< the command's own flags, likewise; "true" for one that takes no value
  bool help = false;
  bool version = false;
  std::shared_ptr<const Extensions> extensions = {};  ///< of the program; may be null
};

/// `arguments` without the program's name. Throws UsageError.
Arguments parse_arguments(const std::vector<std::string>& arguments);

}  // namespace sluice::cli
