#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/checkpoint_store.hpp"
#include "mongo/client.hpp"
#include "observe/log/log_line.hpp"
#include "requirements/requirements.hpp"

/// Which rules begin on documents that stand already, so that their targets lack what these amount to.
/// Counters and copies alone can: every other rule is about changes. It is remembered with the stream's
/// layout until a backfill or a whole repair of the rule has been.
namespace sluice::checkpoint {

/// A rule that keeps documents true.
struct MaintainedId {
  std::string name;
  std::string hash;  ///< see MaintainedRule
};

std::string maintained_hash(const Rule& rule);
std::vector<MaintainedId> maintained_of(const requirements::Rules& rules);

/// What is known of a rule when a stream begins.
enum class RuleKnown : std::uint8_t {
  yes,      ///< the layout remembers it
  assumed,  ///< it ran before anything was remembered, and is taken to be complete
  no,       ///< it is new
  /// It is new, and its targets hold what another rule, or the same one before its position was dropped, has
  /// left there.
  after_another,
};

struct RuleHistory {
  const std::optional<std::vector<MaintainedRule>>& remembered;
  bool same_rules = true;         ///< the stored position was made with the rules of now
  bool position_dropped = false;  ///< the stream begins anew, whatever it did before
};

RuleKnown how_known(const MaintainedId& rule, const RuleHistory& history);

struct FillCheck {
  mongo::ClientPool& pool;
  LayoutStore& store;
  const requirements::Rules& rules;
  const observe::StreamLog& log;
  bool position_dropped = false;
};

/// Looks, for each rule that is new, at what stood in its collections at the position that the stream begins
/// at (`acquired.floor`), and remembers what it found; `acquired.maintained` is what is remembered
/// afterwards. Blocks.
std::optional<Error> check_filled(const FillCheck& check, Acquired& acquired);

/// Blocks. Absent where nothing is remembered.
std::optional<Error> read_maintained(mongo::ClientPool& pool, const std::string& state_database,
                                     const std::string& stream_id,
                                     std::optional<std::vector<MaintainedRule>>& known);

/// A whole repair of the rule has been. Where the layout remembers rules, it remembers that. Blocks.
std::optional<Error> note_repaired(mongo::ClientPool& pool, const std::string& state_database,
                                   const std::string& stream_id, const MaintainedRule& rule);

/// The names of those that are not.
std::vector<std::string> not_backfilled(const std::vector<MaintainedId>& rules,
                                        const std::optional<std::vector<MaintainedRule>>& known);

/// What that means, and the command that mends it. `place_arguments`: see Config.
std::string not_backfilled_text(const std::vector<std::string>& rules, std::string_view place_arguments);

}  // namespace sluice::checkpoint
