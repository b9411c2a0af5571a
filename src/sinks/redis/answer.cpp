#include "sinks/redis/answer.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace sluice::sinks::redis {

namespace {

struct Known {
  std::string_view start;
  ErrorKind kind;
  const char* remedy;
};

using enum ErrorKind;

/// By the beginning of the answer; the first match counts.
constexpr std::array known{
    Known{"LOADING", unavailable, "it is loading its data from disk: waiting for it"},
    Known{"MASTERDOWN", unavailable,
          "the replica has lost its master: restore the master, or use another server"},
    Known{"READONLY", unavailable, "it is a replica: use the master's URL, or promote this one"},
    Known{"CLUSTERDOWN", unavailable, "restore the missing nodes of the cluster"},
    Known{"TRYAGAIN", unavailable, "the cluster is moving this key: retrying"},
    Known{"MOVED", unavailable,
          "it is a node of a Redis Cluster, which is not supported: use a proxy or a single server"},
    Known{"ASK", unavailable,
          "it is a node of a Redis Cluster, which is not supported: use a proxy or a single server"},
    Known{"BUSY", unavailable, "a script keeps it busy: wait, or end the script with SCRIPT KILL"},
    Known{"OOM", unavailable, "raise its maxmemory, or let it evict keys (maxmemory-policy)"},
    Known{"MISCONF", unavailable, "it cannot write to its disk: free disk space, and check its log"},
    Known{"NOREPLICAS", unavailable, "too few replicas are up (min-replicas-to-write)"},
    Known{"NOAUTH", denied, "it requires a password: set it in the URL or in --redis-password-file"},
    Known{"WRONGPASS", denied, "user or password is wrong: correct the URL or --redis-password-file"},
    Known{"NOPERM", denied,
          "give our user the right to do this: ACL SETUSER ... ~* +unlink +set +ping +select"},
    Known{"DENIED", denied, "it is in protected mode: set a password, or bind it to an address"},
    Known{"WRONGTYPE", own_fault, "the key is used for something else: change the rule's key"},
    Known{"ERR max number of clients", unavailable, "raise its maxclients, or close unused connections"},
    Known{"ERR unknown command", unavailable, "it must be Redis 4.0 or newer, with this command not renamed"},
    Known{"ERR invalid password", denied, "correct the URL or --redis-password-file"},
    Known{"ERR AUTH", denied, "the server has no password: remove ours, or set one there"},
    Known{"ERR Client sent AUTH", denied, "the server has no password: remove ours, or set one there"},
    Known{"ERR DB index", unavailable, "use another database in the URL, or raise the server's 'databases'"},
    Known{"ERR SELECT", unavailable, "remove the database from the URL"},
    Known{"ERR Protocol error: invalid bulk", own_fault,
          "key or value is larger than the server accepts (proto-max-bulk-len)"},
    Known{"ERR", own_fault, "the server refuses the command itself"},
};

}  // namespace

Error refusal(std::string_view answer) {
  const auto found =
      std::ranges::find_if(known, [&](const Known& one) { return answer.starts_with(one.start); });
  if (found == known.end()) return {unavailable, 0, "Redis: " + std::string(answer)};
  return {found->kind, 0, "Redis: " + std::string(answer) + "; " + found->remedy};
}

}  // namespace sluice::sinks::redis
