#pragma once

#include <array>

/// The collections of the state database.
namespace sluice::state {

inline constexpr const char* layouts = "layouts";
inline constexpr const char* shards = "shards";
inline constexpr const char* lanes = "lanes";
inline constexpr const char* dead_letters = "dead_letters";
inline constexpr const char* audits = "audits";
inline constexpr const char* snapshots = "snapshots";
inline constexpr const char* members = "members";
inline constexpr const char* triggers = "triggers";
inline constexpr const char* sessions = "sessions";

inline constexpr std::array<const char*, 9> all{layouts,   shards,  lanes,    dead_letters, audits,
                                                snapshots, members, triggers, sessions};

}  // namespace sluice::state
