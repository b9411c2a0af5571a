#include "sinks/jetstream/callback.hpp"

#include <gtest/gtest.h>

#include <new>
#include <string>

namespace sluice::sinks::jetstream {
namespace {

extern "C" {
using CCallback = void (*)(void*);
void call_from_c(CCallback callback, void* self) {
  callback(self);
}
}

TEST(Callback, ExceptionDoesNotCrossTheLibrary) {
  std::string told;
  static_assert(noexcept(in_callback([] {}, [](const char*) {})));
  call_from_c(
      [](void* self) {
        in_callback([] { throw std::bad_alloc(); },
                    [&](const char* why) { *static_cast<std::string*>(self) = why; });
      },
      &told);
  EXPECT_EQ(told, std::bad_alloc().what());
}

TEST(Callback, NeitherDoesWhatIsNoStdException) {
  std::string told;
  in_callback([] { throw 1; }, [&](const char* why) { told = why; });
  EXPECT_NE(told, "");
}

TEST(Callback, WorkThatEndsWellTellsNothing) {
  int done = 0;
  in_callback([&] { ++done; }, [](const char*) { FAIL(); });
  EXPECT_EQ(done, 1);
}

}  // namespace
}  // namespace sluice::sinks::jetstream
