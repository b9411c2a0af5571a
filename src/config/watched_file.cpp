#include "config/watched_file.hpp"

#include <utility>

namespace sluice::config {

WatchedFile::WatchedFile(std::string file, Values flags, Values environment,
                         std::shared_ptr<const Extensions> extensions)
    : file_(std::move(file)),
      flags_(std::move(flags)),
      environment_(std::move(environment)),
      extensions_(std::move(extensions)),
      text_(read_text(file_)),
      seen_(text_),
      first_(load()) {}

Loaded WatchedFile::load() const {
  Loaded loaded = load_text(text_, file_, flags_, environment_);
  extend(loaded.config, extensions_);
  return loaded;
}

/// The text, or a null byte and the reason if the file cannot be read. No text starts with a null byte.
std::string WatchedFile::read() const {
  try {
    return read_text(file_);
  } catch (const ConfigError& error) {
    return std::string(1, '\0') + error.what();
  }
}

std::optional<ConfigNews> WatchedFile::poll(bool asked) {
  std::string now = read();
  const bool stands_still = now == seen_ || asked;
  seen_ = std::move(now);
  if (!stands_still || seen_ == text_) return std::nullopt;
  text_ = seen_;
  return judge();
}

ConfigNews WatchedFile::judge() const {
  if (text_.starts_with('\0')) return {std::nullopt, text_.substr(1), {}};
  try {
    Loaded loaded = load();
    auto need_restart = changed_options(first_, loaded);
    return {std::move(loaded.config), "", std::move(need_restart)};
  } catch (const ConfigError& error) {
    return {std::nullopt, error.what(), {}};
  }
}

}  // namespace sluice::config
