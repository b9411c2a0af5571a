#include "async/spawn.hpp"

namespace sluice::async {

std::string what_of(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception of unknown type";
  }
}

void run(asio::io_context& io, const OnException& failed) {
  while (true) {
    try {
      io.run();
      return;
    } catch (...) {
      failed(std::current_exception());
    }
  }
}

}  // namespace sluice::async
