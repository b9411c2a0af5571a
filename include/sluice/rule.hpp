#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/effect.hpp"
#include "sluice/event.hpp"
#include "sluice/projection.hpp"
#include "sluice/scratch.hpp"

namespace sluice {

/// One collection that a rule reads, and what of it. The stream's $match is compiled from these, so that what
/// no rule reads never leaves the server.
struct Subscription {
  std::string collection;
  bool inserts = true;  ///< inserts and replaces
  bool updates = true;
  bool deletes = true;
  /// What the rule reads of a document. Updates that touch none of these are not sent (empty: none are), and
  /// of an event that is too large to be sent whole only these are there (Detail::needed).
  std::vector<std::string> fields;
  bool pre_images = false;  ///< the rule needs the document as it was
};

/// An index that a rule's writes look their targets up by.
struct IndexNeed {
  std::string collection;
  std::string field;
};

/// Where a rule puts what it wants done.
class Effects {
 public:
  Effects(std::vector<Effect>& out, Scratch& scratch) : out_(out), scratch_(scratch) {}

  void add(EffectBody body, std::uint64_t key) { out_.push_back({body, key, 0}); }
  Scratch& scratch() { return scratch_; }

 private:
  std::vector<Effect>& out_;
  Scratch& scratch_;
};

inline constexpr std::int32_t too_large_code = 10334;  ///< the server's BSONObjectTooLarge
inline constexpr const char* too_large =
    "the event is too large for the server to send, even without the fields that no rule reads, so what it "
    "changed is not known; the targets of this document have to be verified and repaired";

/// From an event to effects. A rule does no I/O and keeps no state: the same event gives the same effects.
/// apply() is called on the stream's strand, only with events of the collections it subscribed to, and may be
/// called with events that it finds nothing to do for. Effects point into the event's batch and into plans
/// that the rule owns; the pipeline keeps both alive until the effects are resolved.
class Rule {
 public:
  explicit Rule(std::string name) : name_(std::move(name)) {}
  virtual ~Rule() = default;
  Rule(const Rule&) = delete;
  Rule& operator=(const Rule&) = delete;

  const std::string& name() const { return name_; }

  virtual std::vector<Subscription> subscriptions() const = 0;
  virtual std::vector<IndexNeed> indexes() const { return {}; }
  /// What the rule keeps true; the plans are those that its effects point to.
  virtual std::vector<Projection> projections() const { return {}; }
  virtual void apply(const ChangeEvent& event, Effects& effects) const = 0;

  /// The same for an event that says no more than what happened to which document (Detail::key_only). Unless
  /// a rule can do its work with that, the event goes to the dead letters.
  virtual void apply_key_only(const ChangeEvent& event, Effects& effects) const {
    effects.add(Reject{too_large_code, too_large}, bson::Identity(event.id).hash(0));
  }

  /// Everything that decides what the rule does with an event, as one text: it goes into the checkpoint's
  /// options hash, so that a changed rule under an old position is noticed.
  virtual std::string fingerprint() const = 0;

 private:
  std::string name_;
};

}  // namespace sluice
