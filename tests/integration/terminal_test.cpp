#include <csignal>

#include "support/fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// A worker whose log goes to a terminal, made by script(1).
class Terminal : public PipelineTest {
 protected:
  /// What the terminal was sent by the time that the worker streams.
  std::string shown(const Environment& environment) {
    const TemporaryDirectory folder;
    const std::string seen = (folder.path() / "seen").string();
    std::string command = "exec " + program_path();
    for (const std::string& word : here_run({"run", realworld_file()})) command += " '" + word + "'";
    Process terminal({.command = {find_program("script"), "-qefc", command, "/dev/null"},
                      .environment = environment,
                      .out = seen});
    const auto streams = [&] { return read_file(seen).find("streaming") != std::string::npos; };
    EXPECT_TRUE(workbench::eventually(patience(30s), streams)) << read_file(seen);
    terminal.signal(SIGTERM);
    EXPECT_TRUE(terminal.wait(patience(20s))) << read_file(seen);
    return read_file(seen);
  }
};

TEST_F(Terminal, HasColoursUnlessNoColorIsSet) {
  const std::string coloured = shown({{"TERM", "xterm"}, {"COLORTERM", "truecolor"}});
  EXPECT_NE(coloured.find("\x1b["), std::string::npos) << coloured;
  const std::string plain = shown({{"TERM", "xterm"}, {"COLORTERM", "truecolor"}, {"NO_COLOR", "1"}});
  EXPECT_EQ(plain.find('\x1b'), std::string::npos) << plain;
}

}  // namespace
}  // namespace sluice::test
