#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flow/time.hpp"
#include "mongo/client.hpp"
#include "sinks/mongo/redo.hpp"
#include "sinks/outlet.hpp"
#include "sluice/bson_builder.hpp"
#include "sluice/config.hpp"
#include "sluice/rule.hpp"

namespace sluice::operations {

/// Selects dead letters. An absent criterion matches all.
struct LetterFilter {
  std::optional<std::string> rule;
  std::optional<std::string> stream;
  std::optional<std::int32_t> code;      ///< the error's code
  std::optional<std::string> text;       ///< a part of the error's message, case-insensitive
  std::optional<std::int64_t> since_ms;  ///< stored then or later, in milliseconds since the epoch
  std::optional<std::int64_t> until_ms;  ///< stored before then
};

using LetterId = bson_oid_t;
std::string text_of(const LetterId& id);
/// Absent if the text is not an id (24 hexadecimal digits).
std::optional<LetterId> letter_id(std::string_view text);

/// A dead letter as read from the state database. Owns its document.
class Letter {
 public:
  explicit Letter(const bson_t& read);
  bson::View view() const { return {bytes_.data(), bytes_.size()}; }
  LetterId id() const;

 private:
  std::vector<std::uint8_t> bytes_;
};

/// The result of a retry.
struct Retried {
  enum class End {
    done,     ///< the effect was carried out and the letter deleted
    gone,     ///< the letter does not exist: another retry carried it out, or it was dropped
    failed,   ///< the effect failed again: the letter stays, with this error and one more attempt
    refused,  ///< the letter cannot be retried, and stays unchanged
  };
  End end = End::done;
  std::string why;  ///< a sentence, if failed or refused
};

/// Lists, retries and drops the dead letters of a pipeline on one cluster. Works while workers run, and in
/// several processes at once. Blocks. Not thread-safe.
///
/// Transient errors are retried for a limited time. Every call throws Stop if the error lasts, or if the
/// server refuses for good.
class DeadLetters {
 public:
  /// `on`: a stream of the configuration on the cluster whose letters are meant. Throws ConfigError for
  /// unusable rules and Stop for an unusable URI.
  DeadLetters(const Config& config, const StreamConfig& on);

  std::int64_t count(const LetterFilter& filter);
  /// At most `limit` letters, the newest first, without their events and tokens unless `whole`.
  std::vector<Letter> newest(const LetterFilter& filter, std::int64_t limit, bool whole);
  /// All that match, in the order of their events, which is the order to retry them in.
  std::vector<LetterId> ids(const LetterFilter& filter);
  /// Without its event and token unless `whole`; absent if it does not exist.
  std::optional<Letter> find(const LetterId& id, bool whole);

  /// Carries out the letter's effect exactly once, in one transaction with the deletion of the letter. A
  /// message is sent before the deletion, so at least once.
  Retried retry(const LetterId& id);
  /// Why a letter cannot be retried, or "".
  std::string why_not(const Letter& letter) const;

  /// Deletes these letters. Returns how many existed.
  std::int64_t drop(const std::vector<LetterId>& ids);

 private:
  struct Asked {
    std::vector<Write> writes;
    std::string refusal;
    const Rule* publisher = nullptr;  ///< if the effect is a message: the rule that makes it from the event
  };
  using Rules = std::vector<std::unique_ptr<Rule>>;

  Asked asked_by(const Letter& letter) const;
  sinks::Outlet& outlet_for(const Rule& rule);
  Retried publish(const LetterId& id, const Rule& rule);
  Retried carry_out(const LetterId& id, const std::vector<Write>& writes);
  Retried give_up(const LetterId& id, const Error& error);
  void end_abandoned();
  void append_filter(bson::Builder& out, const LetterFilter& filter) const;
  std::vector<Letter> read(bson::Builder& filter, bson::Builder& options);
  mongo::Reply retry_until(bson::View command, mongo::Doing doing);
  void retry_until(const std::function<std::optional<Error>()>& attempt);
  flow::Duration patience() const;
  [[noreturn]] void stop(const Error& error) const;

  const Config& config_;
  const Rule* find_rule(const std::string& stream, std::string_view name) const;

  std::map<std::string, Rules, std::less<>> rules_;  ///< by stream
  mongo::ClientPool pool_;
  mongo::ClientPool::Client client_;
  sinks::Redo redo_;
  std::map<std::string, std::unique_ptr<sinks::Outlet>> outlets_;  ///< by rule
  bool reached_ = false;                                           ///< the server has answered once
};

/// One object for each cluster that the configuration's streams are on.
std::vector<std::unique_ptr<DeadLetters>> dead_letters_of(const Config& config);

}  // namespace sluice::operations
