#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/arguments.hpp"
#include "mongo/raii.hpp"
#include "operations/dead_letters.hpp"

/// Shared by the commands of `sluice dead`: the configuration and the selection of letters.
namespace sluice::cli {

/// The filters among a command's own flags. Throws UsageError for an invalid time.
operations::LetterFilter letter_filter(const Arguments& arguments);

/// The chosen letters on one cluster.
struct ChosenOnCluster {
  operations::DeadLetters* letters;
  std::vector<operations::LetterId> ids;  ///< in the order to retry them in
};

/// The dead letters of a command's configuration, on all its clusters.
class DeadDesk {
 public:
  /// Loads the configuration. Throws ConfigError and Stop.
  explicit DeadDesk(const Arguments& arguments);

  std::vector<std::unique_ptr<operations::DeadLetters>>& clusters() { return clusters_; }

  /// The letters that the command selects, by IDs or by `--all` with filters. Throws UsageError for an
  /// invalid combination or an unknown ID.
  std::vector<ChosenOnCluster> chosen(const Arguments& arguments);

  /// Throws UsageError if the filter names a rule or stream that is not in the file. Call it only if no
  /// letter was found, since letters may outlive their rules.
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
