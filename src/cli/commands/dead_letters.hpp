#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/arguments.hpp"
#include "mongo/raii.hpp"
#include "operations/dead_letters.hpp"

/// What the commands of `sluice dead` share: the configuration, and which letters are meant.
namespace sluice::cli {

/// The filters among a command's own flags. Throws UsageError for a time that is none.
operations::LetterFilter letter_filter(const Arguments& arguments);

/// What one cluster holds.
struct ChosenOnCluster {
  operations::DeadLetters* letters;
  std::vector<operations::LetterId> ids;  ///< in the order in which they are to be retried
};

/// The dead letters of the configuration that a command was given.
class DeadDesk {
 public:
  /// Throws ConfigError and Stop.
  explicit DeadDesk(const Arguments& arguments);

  std::vector<std::unique_ptr<operations::DeadLetters>>& clusters() { return clusters_; }

  /// The letters that IDs or `--all` with filters mean. Throws UsageError where they mean nothing.
  std::vector<ChosenOnCluster> chosen(const Arguments& arguments);

  /// Throws UsageError for a rule or stream that is not in the file: called when no letter was found, for
  /// letters outlive the rules they are about.
  void refuse_typos(const operations::LetterFilter& filter) const;

 private:
  std::vector<ChosenOnCluster> by_id(const std::vector<std::string>& texts);

  mongo::Driver driver_;
  Config config_;
  std::vector<std::unique_ptr<operations::DeadLetters>> clusters_;
};

/// `1 dead letter`, `12 dead letters`
std::string letters_counted(std::size_t count);

}  // namespace sluice::cli
