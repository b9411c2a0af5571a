#include "checkpoint/lease_holder.hpp"

#include <unistd.h>

#include <array>
#include <cinttypes>
#include <climits>
#include <cstdio>
#include <fstream>
#include <sstream>

namespace sluice::checkpoint {

namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// Field 22 of /proc/PID/stat. The name before it may contain spaces, so counting starts after its bracket.
std::int64_t start_time(std::int64_t pid) {
  const std::string line = first_line("/proc/" + std::to_string(pid) + "/stat");
  const auto bracket = line.rfind(')');
  if (bracket == std::string::npos) return 0;
  std::istringstream fields(line.substr(bracket + 1));
  std::string field;
  for (int i = 3; i <= 22; ++i) fields >> field;
  return std::strtoll(field.c_str(), nullptr, 10);
}

/// Whether the process has ended and still has an entry only because its parent has not waited for it.
bool is_zombie(std::int64_t pid) {
  const std::string line = first_line("/proc/" + std::to_string(pid) + "/stat");
  const auto bracket = line.rfind(')');
  return bracket != std::string::npos && line.size() > bracket + 2 && line[bracket + 2] == 'Z';
}

std::string pid_space() {
  std::array<char, 128> link{};
  const auto size = ::readlink("/proc/self/ns/pid", link.data(), link.size() - 1);
  const std::string space = size > 0 ? std::string(link.data(), static_cast<std::size_t>(size)) : "";
  return first_line("/proc/sys/kernel/random/boot_id") + "/" + space;
}

std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

bool runs_no_more(std::int64_t pid, std::int64_t started) {
  return start_time(pid) != started || is_zombie(pid);
}

/// A hash of the machine and its pid namespace, short enough for a connection's name.
std::uint64_t place() {
  return bson::stable_hash(host_name() + "/" + pid_space(), 0);
}

constexpr const char* instance_format = "sluice %016" PRIx64 " %" PRId64 " %" PRId64;

}  // namespace

LeaseHolder LeaseHolder::self() {
  const auto pid = static_cast<std::int64_t>(::getpid());
  const std::int64_t started = start_time(pid);
  std::array<char, 100> instance{};
  std::snprintf(instance.data(), instance.size(), instance_format, place(), pid, started);
  return {host_name(), pid_space(), pid, started, instance.data()};
}

bool LeaseHolder::is_gone(std::string_view instance) {
  std::uint64_t where = 0;
  std::int64_t pid = 0;
  std::int64_t started = 0;
  const int read = std::sscanf(std::string(instance).c_str(), "sluice %16" SCNx64 " %" SCNd64 " %" SCNd64,
                               &where, &pid, &started);
  return read == 3 && started != 0 && where == place() && runs_no_more(pid, started);
}

LeaseHolder LeaseHolder::read(bson::View document) {
  return {std::string(document.at("host").text()), std::string(document.at("space").text()),
          document.at("pid").integer().value_or(0), document.at("started").integer().value_or(0),
          std::string(document.at("instance").text())};
}

void LeaseHolder::append_to(bson::Builder& out) const {
  out.append("host", host).append("space", space).append("pid", pid).append("started", started);
  out.append("instance", instance);
}

bool LeaseHolder::is_gone() const {
  if (started == 0 || host != host_name() || space != pid_space()) return false;
  return runs_no_more(pid, started);
}

bool abandoned(const mongo::OpenTransaction& open, const LeaseHolder& self, int lease_ms, bool of_the_dead) {
  if (!open.application.starts_with("sluice ") || open.application == self.instance) return false;
  return of_the_dead || LeaseHolder::is_gone(open.application) || open.idle_ms > lease_ms;
}

}  // namespace sluice::checkpoint
