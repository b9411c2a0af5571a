#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "flow/token_trail.hpp"
#include "mongo/client.hpp"
#include "sluice/config.hpp"
#include "sluice/jetstream.hpp"
#include "sluice/position.hpp"
#include "sluice/rule.hpp"

namespace sluice::pipeline {

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

/// Where another program that did this stream's work has come to: of each collection of tokens the newest,
/// and of these the oldest, for each may be about documents of its own. `found` stays empty where there is
/// none. Only reads. ErrorKind::lost for a token that is none. `say` is told where the stream will begin.
/// Blocks.
std::optional<Error> find_foreign_position(mongo::ClientPool& pool,
                                           const std::vector<TokenCollection>& collections,
                                           std::optional<Position>& found,
                                           const std::function<void(const std::string&)>& say);

}  // namespace sluice::pipeline
