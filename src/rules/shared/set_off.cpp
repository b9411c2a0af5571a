#include "rules/shared/set_off.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <variant>

#include "core/cache_plan.hpp"

namespace sluice::rules {

namespace {

using Paths = std::vector<std::string>;

struct WriteOf {
  OwnWrite operator()(const Copied& copied) const {
    const CopyPlan& plan = *copied.plan;
    OwnWrite write{.collection = plan.target, .updates = true, .fields = {}};
    const std::string within = plan.array.empty() ? "" : plan.array + "[].";
    for (const CopyPlan::Field& field : plan.fields) write.fields.push_back(within + field.to);
    if (plan.when_gone == CopyPlan::WhenGone::remove) {
      write.deletes = plan.array.empty();
      if (!write.deletes) write.fields.push_back(plan.array);  // the element is removed from it
    }
    return write;
  }

  OwnWrite operator()(const Counted& counted) const {
    const CounterPlan& plan = *counted.plan;
    return {plan.collection, plan.create, true, plan.drop_at_zero, {plan.field}};
  }
};

void add(const DocumentPlan& plan, std::vector<OwnWrite>& out) {
  using Mode = DocumentPlan::Mode;
  const bool inserts = plan.mode == Mode::insert || plan.mode == Mode::upsert || plan.mode == Mode::append;
  const bool updates = plan.mode == Mode::upsert || plan.mode == Mode::update;
  out.push_back({plan.collection, inserts, updates, plan.mode == Mode::remove, plan.sets});
  if (plan.mode == Mode::append) out.push_back({plan.heads(), true, true, false, {}});
}

/// Whether one path equals or contains the other. [] is ignored.
bool touch(std::string one, std::string other) {
  for (std::string* path : {&one, &other}) {
    for (auto at = path->find("[]"); at != std::string::npos; at = path->find("[]")) path->erase(at, 2);
    *path += '.';
  }
  return one.starts_with(other) || other.starts_with(one);
}

/// The fields that the write sets and the subscription reads. Empty if they are not known; nothing if the
/// reader does not subscribe to this update.
std::optional<Paths> read_of(const OwnWrite& write, const Subscription& read) {
  if (!write.updates || !read.updates) return std::nullopt;
  if (read.any_field) return write.fields;
  if (read.fields.empty()) return std::nullopt;
  if (write.fields.empty()) return Paths{};
  Paths touched;
  std::ranges::copy_if(write.fields, std::back_inserter(touched), [&](const std::string& field) {
    return std::ranges::any_of(read.fields, [&](const std::string& other) { return touch(field, other); });
  });
  return touched.empty() ? std::nullopt : std::optional(touched);
}

template <class Item>
void add_once(std::vector<Item>& list, const Item& item) {
  if (std::ranges::find(list, item) == list.end()) list.push_back(item);
}

void meet(const OwnWrite& write, const Subscription& read, SetOff& out) {
  if (!read.reads(write.collection) || read.ignores_own) return;
  const auto touched = read_of(write, read);
  const bool inserts = write.inserts && read.inserts;
  const bool deletes = write.deletes && read.deletes;
  if (!inserts && !touched && !deletes) return;
  out.conditional = (out.operations.empty() || out.conditional) && !read.where.empty();
  if (inserts) add_once<std::string>(out.operations, "insert");
  if (touched) add_once<std::string>(out.operations, "update");
  if (deletes) add_once<std::string>(out.operations, "delete");
  if (!touched) return;
  out.any_field |= touched->empty();
  std::ranges::for_each(*touched, [&](const std::string& field) { add_once(out.fields, field); });
}

/// Whether the rule writes keys in a cache. If it left changes out, a key would keep an old value.
bool keeps_keys(const Rule& rule) {
  return std::ranges::any_of(rule.deliveries(),
                             [](const DeliveryPlan* plan) { return plan->sink() == CachePlan::sink_name; });
}

/// Adds a SetOff for each collection that `writer` writes and `reader` reads.
void meet(const PlacedRule& writer, const PlacedRule& reader, std::vector<SetOff>& out) {
  std::map<std::string, SetOff> by_collection;
  const std::vector<Subscription> reads = reader.rule->subscriptions();
  for (const OwnWrite& write : writes_of(*writer.rule)) {
    for (const Subscription& read : reads) {
      SetOff& one = by_collection[write.collection];
      meet(write, read, one);
      // An exact subscription can be told to leave own writes out.
      one.may_ignore |= read.exact && !reader.rule->keeps_state() && !keeps_keys(*reader.rule);
    }
  }
  for (auto& [collection, one] : by_collection) {
    if (one.operations.empty()) continue;
    one.writer = writer.name;
    one.reader = reader.name;
    one.collection = collection;
    if (one.any_field) one.fields.clear();
    out.push_back(std::move(one));
  }
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

/// The shortest way from a rule back to itself; empty if there is none.
std::vector<std::string> way_back(const std::string& start, const std::vector<SetOff>& all) {
  std::map<std::string, std::string> from;
  std::deque<std::string> open{start};
  while (!open.empty()) {
    const std::string here = std::move(open.front());
    open.pop_front();
    for (const SetOff& one : all) {
      if (one.writer != here) continue;
      if (one.reader == start) {
        std::vector<std::string> way;
        for (std::string at = here; at != start; at = from[at]) way.push_back(at);
        way.push_back(start);
        std::ranges::reverse(way);
        return way;
      }
      if (from.emplace(one.reader, here).second) open.push_back(one.reader);
    }
  }
  return {};
}

}  // namespace

std::vector<OwnWrite> writes_of(const Rule& rule) {
  std::vector<OwnWrite> all;
  for (const Projection& projection : rule.projections()) all.push_back(std::visit(WriteOf{}, projection));
  for (const DocumentPlan* plan : rule.documents()) add(*plan, all);
  return all;
}

std::string SetOff::text() const {
  std::string what;
  for (const std::string& operation : operations) {
    what += (what.empty() ? "" : ", ") + operation;
    if (operation == "update" && !fields.empty()) what += " of " + joined(fields);
  }
  return collection + " (" + what + ")";
}

std::vector<SetOff> set_offs(const std::vector<PlacedRule>& rules) {
  std::vector<SetOff> all;
  for (const PlacedRule& writer : rules) {
    for (const PlacedRule& reader : rules) {
      if (writer.database == reader.database) meet(writer, reader, all);
    }
  }
  return all;
}

std::vector<Loop> loops(const std::vector<PlacedRule>& rules, const std::vector<SetOff>& all) {
  std::vector<Loop> circles;
  for (const PlacedRule& rule : rules) circles.push_back({way_back(rule.name, all), false});
  std::ranges::stable_sort(circles, {}, [](const Loop& one) { return one.rules.size(); });
  const auto keeps_projections = [&](const std::string& name) {
    const auto rule = std::ranges::find(rules, name, &PlacedRule::name);
    return rule != rules.end() && !rule->rule->projections().empty();
  };
  std::vector<Loop> named;
  std::set<std::string> in_one;
  for (Loop& one : circles) {
    const bool known =
        std::ranges::all_of(one.rules, [&](const auto& name) { return in_one.contains(name); });
    if (known) continue;  // true also for a rule that is in no loop
    one.comes_to_rest = std::ranges::all_of(one.rules, keeps_projections);
    in_one.insert(one.rules.begin(), one.rules.end());
    named.push_back(std::move(one));
  }
  return named;
}

}  // namespace sluice::rules
