#include "sluice/program.hpp"

int main(int argc, char** argv) {
  return sluice::run_program(argc, argv);
}
