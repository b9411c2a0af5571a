#include <malloc.h>

#include <csignal>
#include <iostream>

#include "cli/program.hpp"

int main(int argc, char** argv) {
  // A peer that went away is an error code of the write, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  // glibc gives each thread a heap of its own by default, and each would keep room for the largest reply that
  // the thread ever held: over hours of storms, several times what is in use.
  mallopt(M_ARENA_MAX, 2);
  // What large events need goes back to the system at once. By default glibc keeps it for the next ones.
  mallopt(M_MMAP_THRESHOLD, 2 << 20);
  mallopt(M_TRIM_THRESHOLD, 4 << 20);
  return sluice::cli::program(std::vector<std::string>(argv + 1, argv + argc), std::cout, std::cerr);
}
