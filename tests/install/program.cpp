// A program that knows the installed library alone: it calls into it and needs all that it is linked with.
#include <bson/bson.h>

#include <iostream>

#include "sluice/bson.hpp"
#include "sluice/worker.hpp"

int main(int arguments, char**) {
  bson_t* document = BCON_NEW("answer", BCON_INT32(42));
  const sluice::bson::View view(*document);
  const bool read = view.at("answer").integer() == 42;
  std::cout << view.json() << '\n';
  bson_destroy(document);
  if (arguments > 1) return sluice::run_worker(sluice::Config());
  return read ? 0 : 1;
}
