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

/// Which dead letters are meant; what is not set does not matter.
struct LetterFilter {
  std::optional<std::string> rule;
  std::optional<std::string> stream;
  std::optional<std::int32_t> code;      ///< the error's
  std::optional<std::string> text;       ///< a part of the error's message, upper or lower case
  std::optional<std::int64_t> since_ms;  ///< set aside then or later, in milliseconds since the epoch
  std::optional<std::int64_t> until_ms;  ///< set aside before then
};

using LetterId = bson_oid_t;
std::string text_of(const LetterId& id);
/// Nothing for a text that is no id.
std::optional<LetterId> letter_id(std::string_view text);

/// A dead letter as it was read.
class Letter {
 public:
  explicit Letter(const bson_t& read);
  bson::View view() const { return {bytes_.data(), bytes_.size()}; }
  LetterId id() const;

 private:
  std::vector<std::uint8_t> bytes_;
};

/// What came of a retry.
struct Retried {
  enum class End {
    done,     ///< the effect is in, and the letter gone
    gone,     ///< there was no such letter (any more): another retry did it, or it was dropped
    failed,   ///< refused again: the letter stays, with this error and one attempt more
    refused,  ///< the letter cannot be retried, and stays as it was
  };
  End end = End::done;
  std::string why;  ///< with failed and refused: a sentence
};

/// The dead letters of a pipeline on one cluster: looking at them, carrying out what they hold, and dropping
/// them. Works while workers run, and several at a time do not disturb each other. Blocks; for one thread.
///
/// What the server refuses for a moment is tried again for a limited time; every call throws Stop
/// when the server does not answer by then, or refuses for good.
class DeadLetters {
 public:
  /// Throws ConfigError for rules that cannot be used, and Stop for a URI that cannot.
  /// The cluster is the one that `on` is on.
  DeadLetters(const Config& config, const StreamConfig& on);

  std::int64_t count(const LetterFilter& filter);
  /// The newest first, without their events and tokens unless `whole`.
  std::vector<Letter> newest(const LetterFilter& filter, std::int64_t limit, bool whole);
  /// All of them in the order of their events: that in which they are to be retried.
  std::vector<LetterId> ids(const LetterFilter& filter);
  std::optional<Letter> find(const LetterId& id, bool whole);

  /// Carries out what the letter holds exactly once, in one transaction with its removal.
  Retried retry(const LetterId& id);
  /// Why a letter cannot be retried, or "".
  std::string why_not(const Letter& letter) const;

  /// How many of them there were to drop.
  std::int64_t drop(const std::vector<LetterId>& ids);

 private:
  struct Asked {
    std::vector<Write> writes;
    std::string refusal;
    const Rule* publisher = nullptr;  ///< it is a message, which this rule makes of the event
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

/// One for each cluster that the streams of the configuration are on.
std::vector<std::unique_ptr<DeadLetters>> dead_letters_of(const Config& config);

}  // namespace sluice::operations
