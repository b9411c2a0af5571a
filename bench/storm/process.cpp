#include "process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace storm {
namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

std::vector<std::string> environment_with(const std::vector<std::string>& extra) {
  std::vector<std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) out.emplace_back(*entry);
  out.insert(out.end(), extra.begin(), extra.end());
  return out;
}

double megabytes_of(const std::string& status_line) {
  std::istringstream in(status_line.substr(status_line.find(':') + 1));
  double kilobytes = 0;
  in >> kilobytes;
  return kilobytes / 1024;
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

double own_cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

Process::Process(const std::vector<std::string>& argv, const std::string& log_path,
                 const std::vector<std::string>& environment) {
  std::vector<std::string> arguments = argv;
  std::vector<std::string> variables = environment_with(environment);
  const std::vector<char*> args = pointers(arguments);
  const std::vector<char*> vars = pointers(variables);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("fork failed");
  if (pid_ > 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  const int log = open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log >= 0) {
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
  }
  execvpe(args[0], args.data(), vars.data());
  _exit(127);
}

Process::~Process() {
  if (running()) stop();
}

bool Process::running() {
  if (pid_ <= 0) return false;
  int status = 0;
  const pid_t ended = waitpid(pid_, &status, WNOHANG);
  if (ended == 0) return true;
  if (ended == pid_) status_ = status;
  pid_ = -1;
  return false;
}

Usage Process::usage() const {
  Usage usage;
  if (pid_ <= 0) return usage;
  const std::string folder = "/proc/" + std::to_string(pid_);
  // /proc/PID/stat counts in steps of 10 ms.
  clockid_t clock{};
  timespec time{};
  if (clock_getcpuclockid(pid_, &clock) != 0 || clock_gettime(clock, &time) != 0) return usage;
  usage.cpu_seconds = static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  std::ifstream status(folder + "/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with("VmHWM:")) usage.peak_rss_mb = megabytes_of(line);
    if (line.starts_with("VmRSS:")) usage.rss_mb = megabytes_of(line);
    if (line.starts_with("Threads:")) usage.threads = std::stoi(line.substr(8));
  }
  const std::filesystem::directory_iterator descriptors(folder + "/fd");
  usage.descriptors = static_cast<int>(std::distance(begin(descriptors), end(descriptors)));
  return usage;
}

int Process::wait_until(std::chrono::steady_clock::time_point deadline) {
  while (running()) {
    if (std::chrono::steady_clock::now() > deadline) return -1;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return WIFSIGNALED(status_) ? 128 + WTERMSIG(status_) : WEXITSTATUS(status_);
}

int Process::stop(std::chrono::seconds patience) {
  if (!running()) return WIFSIGNALED(status_) ? 128 + WTERMSIG(status_) : WEXITSTATUS(status_);
  ::kill(pid_, SIGTERM);
  const int code = wait_until(std::chrono::steady_clock::now() + patience);
  if (code >= 0) return code;
  kill();
  return 128 + SIGKILL;
}

void Process::kill() {
  if (!running()) return;
  ::kill(pid_, SIGKILL);
  wait_until(std::chrono::steady_clock::now() + std::chrono::seconds(60));
}

std::string output_of(const std::string& program) {
  struct Close {
    void operator()(std::FILE* pipe) const { pclose(pipe); }
  };
  const std::unique_ptr<std::FILE, Close> pipe(popen(program.c_str(), "r"));
  char line[4096] = {};
  if (!pipe || std::fgets(line, sizeof line, pipe.get()) == nullptr) return {};
  std::string out(line);
  out.erase(out.find_last_not_of('\n') + 1);
  return out;
}

int free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool ok = fd >= 0 && bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  if (fd >= 0) close(fd);
  if (!ok) throw std::runtime_error("no free port on loopback");
  return ntohs(address.sin_port);
}

TemporaryDirectory::TemporaryDirectory(const std::string& parent) {
  std::string pattern = parent + "/storm-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory under " + parent);
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace storm
