#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/position.hpp"
#include "core/publish_plan.hpp"
#include "flow/token_trail.hpp"
#include "mongo/client.hpp"
#include "observe/log/log_line.hpp"
#include "sluice/config.hpp"
#include "sluice/rule.hpp"

namespace sluice::checkpoint {

/// Stores the tokens of what is done where another program looks for its own, so that it could take over. The
/// collections are made where they are missing. Of one that is not capped a single document is ours, and the
/// newest. Blocks; one call at a time.
class ForeignTokens {
 public:
  explicit ForeignTokens(const std::vector<std::unique_ptr<Rule>>& rules);

  bool empty() const { return places_.empty(); }
  /// By slot the collections whose changes' tokens it holds.
  const std::vector<flow::TokenTrail::Collections>& watched() const { return watched_; }

  /// `tokens`: by the slots of watched(). Stops at the first that cannot be stored.
  std::optional<Error> store(mongo::ClientPool& pool, const std::vector<flow::TokenTrail::Token>& tokens);

 private:
  std::vector<TokenPlace> places_;
  std::vector<flow::TokenTrail::Collections> watched_;
  std::vector<bson_oid_t> ids_;  ///< of our documents, by slot
};

/// How far another program has published what a stream's rules publish.
struct ForeignProgress {
  std::optional<Position> begin;  ///< where the stream begins instead of at its own position
  /// By rule: changes up to this token are published by the other program; "" where that says nothing of
  /// changes behind the beginning.
  std::vector<std::string> told;
};

/// Compares the newest token in each of `collections` with the stream's own position, if it has one. Rules
/// are matched with collections by the `tokens` that they state. Logs what comes of it. Only reads. A token
/// that is none is ErrorKind::lost where the stream has no position of its own, and else is warned of and
/// passed over. Blocks.
std::optional<Error> find_foreign_progress(mongo::ClientPool& pool,
                                           const std::vector<TokenCollection>& collections,
                                           const std::vector<std::unique_ptr<Rule>>& rules,
                                           const std::optional<Position>& own, const observe::StreamLog& log,
                                           ForeignProgress& found);

/// Where another program that did this stream's work has come to: of each collection of tokens the newest,
/// and of these the oldest, for each may be about documents of its own. `found` stays empty where there is
/// none. Only reads. ErrorKind::lost for a token that is none. `say` is told where the stream will begin.
/// Blocks.
std::optional<Error> find_foreign_position(mongo::ClientPool& pool,
                                           const std::vector<TokenCollection>& collections,
                                           std::optional<Position>& found,
                                           const std::function<void(const std::string&)>& say);

}  // namespace sluice::checkpoint
