#include "audit/projection_audit.hpp"

#include <algorithm>
#include <thread>

#include "audit/counter_merge.hpp"
#include "bson/json_writer.hpp"
#include "config/state_names.hpp"
#include "sinks/mongo/letter_effect.hpp"

namespace sluice::audit {

namespace {

constexpr std::size_t fixes_in_one_transaction = 500;
constexpr std::size_t ids_in_one_question = 2000;

bson::Value keep(const bson::Value& value, Arena& arena) {
  return value ? bson::Value(value.type(), arena.keep(value.raw())) : value;
}

template <typename Item>
std::vector<Item> part(const std::vector<Item>& items, std::size_t from, std::size_t to) {
  return {items.begin() + static_cast<std::ptrdiff_t>(from), items.begin() + static_cast<std::ptrdiff_t>(to)};
}

/// Visits the documents of a find or an aggregate as of the cluster time `at`.
template <typename Visit>
std::optional<Error> each_document(mongo::ClientPool& pool, const std::string& database,
                                   const std::string& collection, bson::Builder& command, std::uint64_t at,
                                   Visit visit) {
  mongo::SnapshotCursor cursor(pool);
  if (auto error = cursor.open(database, collection, command, at)) return error;
  std::vector<bson::View> documents;
  while (true) {
    if (auto error = cursor.next(documents)) return error;
    if (documents.empty()) return std::nullopt;
    for (const bson::View document : documents) {
      if (auto error = visit(document)) return error;
    }
  }
}

std::string counter_sentence(const CounterPlan& plan, const audit::CounterRow& row, std::int64_t pending) {
  const std::string where = plan.collection + " " + value_text(row.id) + ": ";
  const std::string due = std::to_string(row.truth);
  const std::string on_its_way =
      pending == 0 ? "" : " (" + std::to_string(pending) + " of it is still on its way)";
  if (!row.here) return where + "missing, its " + plan.field + " should be " + due + on_its_way;
  if (plan.drop_at_zero && row.truth == 0 && row.number() == 0) return where + "at zero, should be removed";
  return where + plan.field + " is " + (row.found ? value_text(row.found) : "missing") + ", should be " +
         due + on_its_way;
}

std::string copy_sentence(const CopyPlan& plan, const audit::CopyDifference& difference) {
  const std::string where = plan.target + " " + value_text(difference.target) + ": ";
  const std::string of = plan.source + " " + value_text(difference.reference);
  if (difference.orphan) {
    return where + "refers to " + of +
           ", which does not exist; left unchanged, because it was either deleted or never inserted";
  }
  std::string text = where + "of " + of;
  for (const auto& field : plan.fields) {
    const bson::Value found = difference.holder.at_path(field.to);
    const bson::Value due = difference.source.at_path(field.from);
    if (found == due) continue;
    text += ", " + field.to + " is " + (found ? value_text(found) : "missing") + ", should be " +
            (due ? value_text(due) : "missing");
  }
  return text;
}

}  // namespace

std::string value_text(const bson::Value& value) {
  constexpr std::size_t most = 120;
  std::string text;
  bson::append_json(text, value, bson::JsonStyle::relaxed);
  if (text.size() > most) text.replace(most, std::string::npos, "...");
  return text;
}

/// The state of an audit of one plan's counters: dead letters by counter, and the fixes of the next
/// transaction.
struct ProjectionAudit::CounterPass {
  Arena letters_scratch;
  Letters letters;
  Arena arena;
  std::vector<CounterFix> fixes;
  std::vector<std::string> sentences;  ///< the difference that each fix repairs

  void clear() {
    fixes.clear();
    sentences.clear();
  }
};

struct ProjectionAudit::CopyPass {
  std::unique_ptr<Arena> arena = std::make_unique<Arena>();
  std::vector<Write> fills;
  std::vector<std::string> sentences;
};

std::optional<Error> ProjectionAudit::run(const std::string& rule, const Projection& projection) {
  rule_ = rule;
  totals_ = {};
  if (const auto* counted = std::get_if<Counted>(&projection)) return counters(*counted);
  return copies(*std::get<Copied>(projection).plan);
}

std::int64_t ProjectionAudit::estimate(const std::string& database, const std::string& collection) {
  const auto client = pool_.acquire();
  bson::Builder count;
  const mongo::Reply reply = mongo::run_command(
      client.get(), database, count.append("count", collection).finish(), mongo::Doing::reading);
  return reply.view().at("n").integer().value_or(0);
}

void ProjectionAudit::count_different(const std::string& sentence) {
  const std::lock_guard lock(mutex_);
  ++totals_.different;
  events_.difference(rule_ + ": " + sentence);
}

void ProjectionAudit::count_orphan(const std::string& sentence) {
  const std::lock_guard lock(mutex_);
  ++totals_.orphans;
  events_.orphan(rule_ + ": " + sentence);
}

void ProjectionAudit::count_unmendable(const std::string& sentence) {
  const std::lock_guard lock(mutex_);
  ++totals_.unmendable;
  events_.unmendable(rule_ + ": " + sentence);
}

void ProjectionAudit::count_mended(std::size_t number) {
  const std::lock_guard lock(mutex_);
  totals_.mended += static_cast<std::int64_t>(number);
}

void ProjectionAudit::advance(const std::string& collection, std::int64_t targets) {
  const std::lock_guard lock(mutex_);
  totals_.checked += targets;
  events_.progress(rule_ + ": " + collection, totals_.checked, expected_targets_);
}

// Counters

std::optional<Error> ProjectionAudit::counters(const Counted& counted) {
  const CounterPlan& plan = *counted.plan;
  CounterPass pass;
  expected_targets_ = options_.sample > 0 ? options_.sample : estimate(plan.database, plan.collection);
  events_.progress(rule_ + ": " + plan.collection, 0, expected_targets_);
  if (repairer_ != nullptr) {
    if (auto error = read_letters(plan, pass)) return error;
  }
  if (options_.sample > 0) {
    Arena arena;
    std::vector<bson::Value> ids;
    if (auto error = sample_ids(plan, arena, ids)) return error;
    return counter_rows(counted, ids, pass);
  }
  return all_counters(counted, pass);
}

std::optional<Error> ProjectionAudit::all_counters(const Counted& counted, CounterPass& pass) {
  const auto visit = [&](const audit::CounterRow& row) { return take(counted, row, pass); };
  const auto progress = [&](std::int64_t targets) { advance(counted.plan->collection, targets); };
  if (auto error = audit::CounterMerge(pool_, counted, at_).run(visit, progress)) return error;
  return fix(counted, pass);
}

std::optional<Error> ProjectionAudit::counter_rows(const Counted& counted,
                                                   const std::vector<bson::Value>& ids, CounterPass& pass) {
  const CounterPlan& plan = *counted.plan;
  const auto visit = [&](bson::View document) {
    return take(counted, audit::CounterRow::read(document), pass);
  };
  for (std::size_t from = 0; from < ids.size(); from += ids_in_one_question) {
    bson::Builder command;
    const auto some = part(ids, from, std::min(ids.size(), from + ids_in_one_question));
    audit::append_counter_audit(command, counted, some);
    if (auto error = each_document(pool_, plan.database, plan.collection, command, at_, visit)) return error;
    advance(plan.collection, static_cast<std::int64_t>(some.size()));
  }
  return fix(counted, pass);
}

std::optional<Error> ProjectionAudit::take(const Counted& counted, const audit::CounterRow& row,
                                           CounterPass& pass) {
  if (options_.stop.stop_requested()) return Error{ErrorKind::fenced, 0, "stopped", false};
  std::int64_t pending = 0;
  if (pending_ != nullptr && !pending_->counters(*counted.plan).empty()) {
    const auto& deltas = pending_->counters(*counted.plan);
    const auto found = deltas.find(bson::Identity(row.id));
    if (found != deltas.end()) pending = found->second.sum;
  }
  compare(counted, row, pending, pass);
  return pass.fixes.size() < fixes_in_one_transaction ? std::nullopt : fix(counted, pass);
}

/// `pending`: what the worker will still add. The counter should hold `row.truth - pending`.
void ProjectionAudit::compare(const Counted& counted, const audit::CounterRow& row, std::int64_t pending,
                              CounterPass& pass) {
  const CounterPlan& plan = *counted.plan;
  if (!row.here && !plan.create) return;
  const auto number = row.number();
  const bool should_go = plan.drop_at_zero && row.here && row.truth == 0 && pending == 0;
  if (number == row.truth - pending && !should_go) return;
  const std::string sentence = counter_sentence(plan, row, pending);
  count_different(sentence);
  if (repairer_ == nullptr) return;
  CounterFix fix{keep(row.id, pass.arena), 0, {}, row.truth - pending, {}};
  if (number) {
    fix.change = row.truth - pending - *number;
  } else {
    fix.broken = keep(row.found, pass.arena);
  }
  const auto letters = pass.letters.find(bson::Identity(row.id));
  if (letters != pass.letters.end()) fix.letters = letters->second;
  pass.fixes.push_back(std::move(fix));
  pass.sentences.push_back(sentence);
}

/// If a group fails because one of its repairs cannot be applied, each of them is tried on its own.
std::optional<Error> ProjectionAudit::mend(
    const std::vector<std::string>& sentences,
    const std::function<std::optional<Error>(std::size_t, std::size_t)>& write) {
  for (std::size_t from = 0; from < sentences.size(); from += fixes_in_one_transaction) {
    const auto to = std::min(sentences.size(), from + fixes_in_one_transaction);
    auto error = write(from, to);
    if (!error) count_mended(to - from);
    if (!error) continue;
    if (error->kind != ErrorKind::own_fault) return error;
    for (std::size_t i = from; i < to; ++i) {
      error = write(i, i + 1);
      if (!error) {
        count_mended(1);
      } else if (error->kind == ErrorKind::own_fault) {
        count_unmendable(sentences[i] + ": " + error->text());
      } else {
        return error;
      }
    }
  }
  return std::nullopt;
}

std::optional<Error> ProjectionAudit::fix(const Counted& counted, CounterPass& pass) {
  auto error = mend(pass.sentences, [&](std::size_t from, std::size_t to) {
    return repairer_->fix_counters(*counted.plan, part(pass.fixes, from, to));
  });
  pass.clear();
  return error;
}

/// Reads the dead letters with increments of this plan. They are part of the difference, so a repair of a
/// counter also deletes its dead letters.
std::optional<Error> ProjectionAudit::read_letters(const CounterPlan& plan, CounterPass& pass) {
  bson::Builder find;
  find.append("find", state::dead_letters).open("filter").append("pipeline", options_.pipeline);
  find.append("stream", options_.stream).append("rule", rule_).append("effect.kind", "increment");
  find.append("effect.collection", plan.collection).append("effect.field", plan.field).close();
  find.open("projection").append("effect", 1).close();
  return each_document(
      pool_, options_.state_database, state::dead_letters, find, at_,
      [&](bson::View letter) -> std::optional<Error> {
        const bson::Value id = keep(sinks::effect_id(letter.at("effect").document()), pass.letters_scratch);
        pass.letters[bson::Identity(id)].push_back(keep(letter.at("_id"), pass.letters_scratch));
        return std::nullopt;
      });
}

std::optional<Error> ProjectionAudit::sample_ids(const CounterPlan& plan, Arena& arena,
                                                 std::vector<bson::Value>& ids) {
  bson::Builder sample;
  sample.append("aggregate", plan.collection).open_array("pipeline");
  sample.open(sample.item()).open("$sample").append("size", options_.sample).close().close();
  sample.open(sample.item()).open("$project").append("_id", 1).close().close();
  sample.close().open("cursor").close();
  return each_document(pool_, plan.database, plan.collection, sample, at_,
                       [&](bson::View document) -> std::optional<Error> {
                         ids.push_back(keep(document.at("_id"), arena));
                         return std::nullopt;
                       });
}

// Copies

std::optional<Error> ProjectionAudit::copies(const CopyPlan& plan) {
  expected_targets_ = options_.sample > 0 ? options_.sample : estimate(plan.database, plan.target);
  events_.progress(rule_ + ": " + plan.target, 0, expected_targets_);
  audit::SourceCache sources(pool_, plan, at_);
  if (options_.sample > 0) {
    CopyPass pass;
    return copy_range(plan, sources, nullptr, pass);
  }
  std::vector<audit::IdRange> ranges;
  if (auto error = audit::cut(pool_, plan.database, plan.target, options_.threads, ranges)) return error;
  std::vector<std::optional<Error>> errors(ranges.size());
  std::vector<std::exception_ptr> thrown(ranges.size());
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      threads.emplace_back([&, i] {
        try {
          CopyPass pass;
          errors[i] = copy_range(plan, sources, &ranges[i], pass);
        } catch (...) {
          thrown[i] = std::current_exception();
        }
      });
    }
  }
  for (const auto& one : thrown) {
    if (one) std::rethrow_exception(one);
  }
  const auto failed = std::ranges::find_if(errors, [](const auto& error) { return error.has_value(); });
  return failed == errors.end() ? std::nullopt : *failed;
}

std::optional<Error> ProjectionAudit::copy_range(const CopyPlan& plan, audit::SourceCache& sources,
                                                 const audit::IdRange* range, CopyPass& pass) {
  audit::CopyAudit audit(pool_, plan, sources, at_);
  std::optional<Error> broken;
  const auto visit = [&](const audit::CopyDifference& difference) { compare(plan, difference, pass); };
  const auto progress = [&](std::int64_t targets) {
    broken = fix(pass);
    advance(plan.target, targets);
    return !broken && !options_.stop.stop_requested();
  };
  auto error = range != nullptr ? audit.range(*range, visit, progress)
                                : audit.sample(options_.sample, visit, progress);
  if (!error) error = std::move(broken);
  if (!error && options_.stop.stop_requested()) error = Error{ErrorKind::fenced, 0, "stopped", false};
  return error ? error : fix(pass);
}

/// An orphan is not a difference: the worker removes a target only when it reads that the source was deleted,
/// and the collections as of one moment do not show whether the source ever existed.
void ProjectionAudit::compare(const CopyPlan& plan, const audit::CopyDifference& difference, CopyPass& pass) {
  if (pending_ != nullptr &&
      (pending_->will_refresh(plan, difference.reference) || pending_->will_fill(plan, difference.target))) {
    return;
  }
  const std::string sentence = copy_sentence(plan, difference);
  if (difference.orphan) return count_orphan(sentence);
  count_different(sentence);
  if (repairer_ == nullptr) return;
  pass.fills.push_back(FillWrite{&plan, keep(difference.target, *pass.arena), {}});
  pass.sentences.push_back(sentence);
}

std::optional<Error> ProjectionAudit::fix(CopyPass& pass) {
  auto error = mend(pass.sentences, [&](std::size_t from, std::size_t to) {
    return repairer_->fill_copies(part(pass.fills, from, to));
  });
  pass.fills.clear();
  pass.sentences.clear();
  pass.arena = std::make_unique<Arena>();
  return error;
}

}  // namespace sluice::audit
