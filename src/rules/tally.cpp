#include <algorithm>
#include <unordered_set>

#include "rules/registry.hpp"
#include "rules/shared/collection_names.hpp"

namespace sluice::rules {

namespace {

/// The distinct values of a field, which may be an array or a single value. A missing field has no value.
/// Null is a value, both alone and in an array.
class Values {
 public:
  explicit Values(const bson::Value& field) {
    if (field.is_array()) {
      for (const auto& [index, value] : field.document()) add(value);
    } else if (field) {
      add(field);
    }
  }

  bool holds(const bson::Identity& identity) const {
    if (!index_.empty()) return index_.contains(identity);
    return std::ranges::any_of(entries_, [&](const Entry& entry) { return entry.identity == identity; });
  }

  template <typename Visit>
  void each_not_in(const Values& other, Visit visit) const {
    for (const Entry& entry : entries_) {
      if (!other.holds(entry.identity)) visit(entry.value, entry.identity);
    }
  }

 private:
  struct Entry {
    bson::Identity identity;
    bson::Value value;
  };

  void add(const bson::Value& value) {
    const bson::Identity identity(value);
    if (holds(identity)) return;
    entries_.push_back({identity, value});
    if (entries_.size() < many) return;
    if (index_.empty()) {
      for (const Entry& entry : entries_) index_.insert(entry.identity);
    }
    index_.insert(identity);
  }

  static constexpr std::size_t many = 32;  // with fewer entries, a linear search is faster

  struct Hash {
    std::size_t operator()(const bson::Identity& identity) const { return identity.hash(0); }
  };

  std::vector<Entry> entries_;
  std::unordered_set<bson::Identity, Hash> index_;  ///< contains all entries, once there are `many`
};

/// Maintains a collection of values, each with the number of documents that hold it.
class Tally final : public Rule {
 public:
  Tally(std::string name, std::string from, std::string field, CounterPlan plan)
      : Rule(std::move(name)),
        from_(std::move(from)),
        field_(std::move(field)),
        plan_(std::move(plan)),
        seed_(key_seed(plan_.database, plan_.collection)) {}

  std::vector<Subscription> subscriptions() const override {
    return {{.collection = from_, .fields = {field_}, .before = BeforeImage::when_available}};
  }

  std::vector<Projection> projections() const override { return {Counted{&plan_, from_, field_, true}}; }

  std::string fingerprint() const override {
    return "tally " + from_ + " " + field_ + " " + plan_.collection + " " + plan_.field;
  }

  void apply(const ChangeEvent& event, Effects& effects) const override {
    if (event.operation == Operation::update && !event.update.touches(field_)) return;
    const bool had = event.operation != Operation::insert;
    if (had && !event.before) {
      effects.add(Reject{no_pre_image_code, no_pre_image}, bson::Identity(event.id).hash(seed_));
      return;
    }
    const Values before(had ? event.before.at_path(field_) : bson::Value{});
    const auto value = value_after(event, field_, effects.arena());
    if (!value) {
      effects.add(Reject{unclear_update_code, unclear_update}, bson::Identity(event.id).hash(seed_));
      return;
    }
    const Values after(*value);
    const auto add = [&](std::int64_t delta) {
      return [this, &effects, delta](const bson::Value& value, const bson::Identity& identity) {
        effects.add(Increment{&plan_, value, delta}, identity.hash(seed_));
      };
    };
    before.each_not_in(after, add(-1));
    after.each_not_in(before, add(+1));
  }

 private:
  std::string from_;
  std::string field_;
  CounterPlan plan_;
  std::uint64_t seed_;
};

}  // namespace

std::unique_ptr<Rule> make_tally(const RuleConfig& rule, const std::string& database) {
  const Settings& settings = rule.settings;
  CounterPlan plan{.database = database,
                   .collection = collection_name(settings, "into", database),
                   .field = plain_path(settings, "count"),
                   .create = true,
                   .drop_at_zero = true};
  const std::string from = collection_name(settings, "from", database);
  const std::string field = plain_path(settings, "field");
  check_counter(settings, "count", plan, from, field);
  return std::make_unique<Tally>(rule.name, from, field, std::move(plan));
}

}  // namespace sluice::rules
