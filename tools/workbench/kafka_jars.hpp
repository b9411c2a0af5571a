#pragma once

#include <filesystem>
#include <string>

namespace workbench {

/// Whether this folder holds the jar of Kafka's broker, as the folder that tools/kafka prints does.
inline bool has_kafka_jar(const std::filesystem::path& folder) {
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = file.path().filename();
    if (name.starts_with("kafka_") && name.ends_with(".jar")) return true;
  }
  return false;
}

/// Why Kafka cannot be run from the jars in this folder; "" if it can. `named_by`: what names the folder.
inline std::string why_no_kafka_jars(const std::string& folder, const std::string& named_by) {
  if (has_kafka_jar(folder)) return "";
  const std::string start = "the folder '" + folder + "' that " + named_by + " names ";
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) return start + "does not exist, or is no folder";
  if (has_kafka_jar(std::filesystem::path(folder) / "libs"))
    return start + "holds no jar of Kafka itself; name its folder libs";
  return start + "holds no jar of Kafka (kafka_SCALA-VERSION.jar); name a folder as tools/kafka prints it";
}

}  // namespace workbench
