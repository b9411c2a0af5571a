#include "pipeline/holder.hpp"

#include <unistd.h>

#include <array>
#include <climits>
#include <fstream>
#include <sstream>

namespace sluice::pipeline {

namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// Field 22 of /proc/PID/stat; the name before it may hold spaces, so counting starts behind its bracket.
std::int64_t start_time(std::int64_t pid) {
  const std::string line = first_line("/proc/" + std::to_string(pid) + "/stat");
  const auto bracket = line.rfind(')');
  if (bracket == std::string::npos) return 0;
  std::istringstream fields(line.substr(bracket + 1));
  std::string field;
  for (int i = 3; i <= 22; ++i) fields >> field;
  return std::strtoll(field.c_str(), nullptr, 10);
}

/// A process that ended and was not waited for still has an entry; it runs no more.
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

}  // namespace

Holder Holder::self(std::string instance) {
  const auto pid = static_cast<std::int64_t>(::getpid());
  return {host_name(), pid_space(), pid, start_time(pid), std::move(instance)};
}

Holder Holder::read(bson::View document) {
  return {std::string(document.at("host").text()), std::string(document.at("space").text()),
          document.at("pid").integer().value_or(0), document.at("started").integer().value_or(0),
          std::string(document.at("instance").text())};
}

void Holder::append_to(bson::Builder& out) const {
  out.append("host", host).append("space", space).append("pid", pid).append("started", started);
  out.append("instance", instance);
}

bool Holder::is_gone() const {
  if (started == 0 || host != host_name() || space != pid_space()) return false;
  return start_time(pid) != started || is_zombie(pid);
}

}  // namespace sluice::pipeline
