#include <csignal>
#include <iostream>

#include "cli/program.hpp"

int main(int argc, char** argv) {
  // A peer that went away is an error code of the write, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  return sluice::cli::program(std::vector<std::string>(argv + 1, argv + argc), std::cout, std::cerr);
}
