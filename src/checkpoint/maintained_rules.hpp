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

/// Which rules begin on existing documents, so that their targets lack what these contribute. Only counters
/// and copies can lack something: every other rule is about changes. The layout of the stream remembers such
/// a rule until a backfill, or a repair of the whole rule, has been done.
namespace sluice::checkpoint {

/// A rule that maintains documents.
struct MaintainedId {
  std::string name;
  std::string hash;  ///< see MaintainedRule
};

std::string maintained_hash(const Rule& rule);
std::vector<MaintainedId> maintained_of(const requirements::Rules& rules);

/// What the layout knows of a rule when a stream begins.
enum class RuleKnown : std::uint8_t {
  yes,      ///< the layout remembers this rule
  assumed,  ///< it ran before layouts remembered rules, and counts as complete
  no,       ///< the rule is new
  /// The rule is new, and its targets may contain what another rule, or the same one before its position was
  /// dropped, has left there.
  after_another,
};

struct RuleHistory {
  const std::optional<std::vector<MaintainedRule>>& remembered;
  bool same_rules = true;         ///< the position was stored with the present rules
  bool position_dropped = false;  ///< the stream drops its stored position and begins anew
};

RuleKnown how_known(const MaintainedId& rule, const RuleHistory& history);

struct FillCheck {
  mongo::ClientPool& pool;
  LayoutStore& store;
  const requirements::Rules& rules;
  const observe::StreamLog& log;
  bool position_dropped = false;
};

/// For each new rule, checks which of its collections held documents at the position where the stream begins
/// (`acquired.floor`), and stores the result in the layout. Sets `acquired.maintained` to what the layout
/// then remembers. Blocks.
std::optional<Error> check_filled(const FillCheck& check, Acquired& acquired);

/// Reads the rules that the layout remembers; absent if it has no such list. Blocks.
std::optional<Error> read_maintained(mongo::ClientPool& pool, const std::string& state_database,
                                     const std::string& stream_id,
                                     std::optional<std::vector<MaintainedRule>>& known);

/// A repair of the whole rule was done. Stores that, if the layout remembers rules. Blocks.
std::optional<Error> note_repaired(mongo::ClientPool& pool, const std::string& state_database,
                                   const std::string& stream_id, const MaintainedRule& rule);

/// The names of the rules that are not backfilled.
std::vector<std::string> not_backfilled(const std::vector<MaintainedId>& rules,
                                        const std::optional<std::vector<MaintainedRule>>& known);

/// A text that says what that means, with the command that repairs it. `place_arguments`: see Config.
std::string not_backfilled_text(const std::vector<std::string>& rules, std::string_view place_arguments);

}  // namespace sluice::checkpoint
