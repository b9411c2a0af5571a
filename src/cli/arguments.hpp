#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "config/options/options.hpp"
#include "sluice/config.hpp"

namespace sluice::cli {

/// An invalid command line. what() is a message for the user.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The parsed command line. Only the names of commands and flags have been checked.
struct Arguments {
  std::string command;  ///< "" if there is none; the name of a group (`dead`) only together with --help
  std::string file;
  std::vector<std::string> operands;  ///< the arguments after the file
  config::Values flags;               ///< by option name, without `--`
  config::Values own;  ///< the command's own flags, by name without `--`; "true" for one without a value
  bool help = false;
  bool version = false;
  std::shared_ptr<const Extensions> extensions = {};  ///< rules and sinks that the program adds; may be null
};

/// `arguments` without the program's name. Throws UsageError.
Arguments parse_arguments(const std::vector<std::string>& arguments);

}  // namespace sluice::cli
