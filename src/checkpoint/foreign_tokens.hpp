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

/// Stores the resume tokens of what is done in the collections where another program keeps its own tokens, so
/// that the program could take over. Missing collections are created. In a collection that is not capped, it
/// writes a single document, which is the newest by _id. Blocks; one call at a time.
class ForeignTokens {
 public:
  explicit ForeignTokens(const std::vector<std::unique_ptr<Rule>>& rules);

  bool empty() const { return places_.empty(); }
  /// For each slot, the collections whose changes' tokens it stores.
  const std::vector<flow::TokenTrail::Collections>& watched() const { return watched_; }

  /// The slots of `tokens` are those of watched(). Stops at the first token that cannot be stored.
  std::optional<Error> store(mongo::ClientPool& pool, const std::vector<flow::TokenTrail::Token>& tokens);

 private:
  std::vector<TokenPlace> places_;
  std::vector<flow::TokenTrail::Collections> watched_;
  std::vector<bson_oid_t> ids_;  ///< of our documents, by slot
};

/// How far another program has published what a stream's rules publish.
struct ForeignProgress {
  std::optional<Position> begin;  ///< where the stream begins instead of at its own position
  /// By rule: the other program has published the changes up to this token; "" if that is before the position
  /// where the stream begins.
  std::vector<std::string> told;
};

/// Compares the newest token in each of `collections` with the stream's own position, if it has one. A rule
/// belongs to the collection that its setting `tokens` names. Logs the result. Only reads. An invalid token
/// is ErrorKind::lost if the stream has no position of its own; otherwise a warning is logged and the token
/// ignored. Blocks.
std::optional<Error> find_foreign_progress(mongo::ClientPool& pool,
                                           const std::vector<TokenCollection>& collections,
                                           const std::vector<std::unique_ptr<Rule>>& rules,
                                           const std::optional<Position>& own, const observe::StreamLog& log,
                                           ForeignProgress& found);

/// Finds the position of another program that did this stream's work: the newest token of each collection,
/// and of these the oldest, since each may be about other documents. `found` stays empty if there is no
/// token. Only reads. ErrorKind::lost for an invalid token. `say` is called with where the stream will begin.
/// Blocks.
std::optional<Error> find_foreign_position(mongo::ClientPool& pool,
                                           const std::vector<TokenCollection>& collections,
                                           std::optional<Position>& found,
                                           const std::function<void(const std::string&)>& say);

}  // namespace sluice::checkpoint
