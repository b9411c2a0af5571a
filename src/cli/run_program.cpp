#include <malloc.h>

#include <csignal>
#include <iostream>
#include <memory>
#include <utility>

#include "cli/program.hpp"
#include "sluice/program.hpp"

namespace sluice {

int run_program(int argc, char** argv, Extensions extensions) {
  // A write to a peer that is gone returns an error code instead of ending the process.
  std::signal(SIGPIPE, SIG_IGN);
  // By default glibc gives each thread its own heap, and each heap keeps memory for the largest reply that
  // the thread ever had. After hours of load this is several times the memory in use.
  mallopt(M_ARENA_MAX, 2);
  // Memory of large events goes back to the system at once. By default glibc keeps it for the next ones.
  mallopt(M_MMAP_THRESHOLD, 2 << 20);
  mallopt(M_TRIM_THRESHOLD, 4 << 20);
  return cli::program(std::vector<std::string>(argv + 1, argv + argc), std::cout, std::cerr,
                      std::make_shared<const Extensions>(std::move(extensions)));
}

}  // namespace sluice
