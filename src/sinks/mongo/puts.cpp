#include "sinks/mongo/puts.hpp"

#include <algorithm>

#include "sinks/mongo/query.hpp"

namespace sluice::sinks {

namespace {

using Kind = WriteCommands::Kind;
using Mode = DocumentPlan::Mode;

const std::string sequence = "seq";

bool appends(const PutWrite& put) {
  return put.plan->mode == Mode::append;
}

/// A field that no stored document has. An insert by pipeline has {this field: null} in its query: that
/// matches an existing document, which lacks the field, and an upsert adds the field to a new one. So the
/// pipeline can distinguish a new document from an existing one.
constexpr std::string_view absent = "sluice\x01new";

/// Whether to write the values as a constant of an update pipeline, which keeps any names and their order.
/// $set and $setOnInsert would take {"a.b": 1} for a path, refuse an empty name, and sort the fields.
bool goes_by_pipeline(const PutWrite& put) {
  return put.plan->whole || bson::has_odd_names(put.values);
}

/// Whether `all` contains a path that encloses `path`. Setting the enclosing path then sets `path`, too.
bool is_inside_another(const std::string& path, const std::vector<std::string>& all) {
  return std::ranges::any_of(all, [&](const std::string& one) {
    return path.size() > one.size() && path.starts_with(one) && path[one.size()] == '.';
  });
}

/// Whether the rule's settings contain a path: {"a.b": x} sets only b and leaves the rest of a as it is.
bool sets_paths(const DocumentPlan& plan) {
  return std::ranges::any_of(plan.sets, [](const std::string& path) {
    return !path.starts_with('$') && path.find('.') != std::string::npos;
  });
}

/// Appends a $set of the rule's paths. In `put.values` each path is a nested document, so its value is looked
/// up there.
void append_paths(const PutWrite& put, bson::Builder& operation) {
  operation.open("u").open("$set");
  for (const std::string& path : put.plan->sets) {
    if (is_inside_another(path, put.plan->sets)) continue;
    if (const bson::Value value = put.values.at_path(path)) operation.append(path, value);
  }
  operation.close().close();
}

void append_replacement(DocumentPlan::Mode mode, bool whole, bson::Builder& operation) {
  operation.open_array("u").open(operation.item());
  if (mode == Mode::insert) {
    operation.open("$replaceWith").open_array("$cond").open(operation.item()).open_array("$eq");
    operation.open(operation.item()).append("$type", "$" + std::string(absent)).close();
    operation.append(operation.item(), "missing").close().close();
    operation.append(operation.item(), "$$ROOT").append(operation.item(), "$$new").close().close();
  } else if (whole) {
    operation.append("$replaceWith", "$$new");
  } else {
    operation.open("$replaceWith").open_array("$mergeObjects");
    operation.append(operation.item(), "$$ROOT").append(operation.item(), "$$new").close().close();
  }
  operation.close().close();
}

void append_change(const PutWrite& put, bson::Builder& operation) {
  const DocumentPlan& plan = *put.plan;
  if (!plan.pipeline.empty()) {
    operation.append("u", bson::View(plan.pipeline.data(), plan.pipeline.size()).at("u"));
  } else if (plan.mode != Mode::insert && sets_paths(plan)) {
    append_paths(put, operation);
    return;
  } else if (goes_by_pipeline(put)) {
    append_replacement(plan.mode, plan.whole, operation);
  } else {
    operation.open("u").append(plan.mode == Mode::insert ? "$setOnInsert" : "$set", put.values).close();
    return;
  }
  operation.open("c").append("new", put.values).close();
}

void append_query(const PutWrite& put, bson::Builder& operation) {
  const DocumentPlan& plan = *put.plan;
  operation.open("q");
  append_equals(operation, "_id", put.id);
  if (plan.mode == Mode::insert && plan.pipeline.empty() && goes_by_pipeline(put))
    operation.append_null(absent);
  operation.close();
}

/// An insert would change empty timestamps, and older servers refuse odd names.
bool can_be_inserted(const PutWrite& put) {
  const DocumentPlan& plan = *put.plan;
  return plan.mode == Mode::insert && plan.ids_of_events && plan.pipeline.empty() && !goes_by_pipeline(put) &&
         !bson::has_empty_timestamps(put.values);
}

}  // namespace

bool puts_something(const std::vector<Write>& writes) {
  return std::ranges::any_of(writes,
                             [](const Write& write) { return std::holds_alternative<PutWrite>(write); });
}

std::optional<Error> Puts::read(const std::vector<Write>& writes) {
  plan_inserts(writes);
  for (const Write& write : writes) {
    const auto* put = std::get_if<PutWrite>(&write);
    if (put == nullptr || !appends(*put)) continue;
    const Head& head = head_of(*put);
    documents_.want(put->plan->database, head.collection, put->id, {&sequence});
  }
  if (heads_.empty()) return std::nullopt;
  if (auto error = documents_.read(transaction_, statement_ms_)) return error;
  for (Head& head : heads_) {
    const bson::View found = documents_.find(head.plan->database, head.collection, head.aggregate);
    head.exists = static_cast<bool>(found);
    head.number = found.at(sequence).integer().value_or(0);
  }
  return std::nullopt;
}

Puts::Head& Puts::head_of(const PutWrite& put) {
  Heads& heads = heads_by_place_[put.plan->database + "." + put.plan->collection];
  const auto [found, fresh] = heads.try_emplace(bson::Identity(put.id), nullptr);
  if (fresh) found->second = &heads_.emplace_back(Head{put.plan, put.plan->heads(), put.id, 0, 0, true});
  return *found->second;
}

void Puts::append(const PutWrite& put, std::size_t write, WriteCommands& out) {
  Head& head = head_of(put);
  ++head.number;
  head.write = write;
  const auto append_event = [&](bson::Builder& document) {
    for (const auto& [name, value] : put.values) document.append(name, value);
    document.append(sequence, head.number);
  };
  if (!bson::has_empty_timestamps(put.values)) {
    out.add(Kind::insert, put.plan->database, put.plan->collection, write, false, append_event);
    return;
  }
  // An insert would replace an empty timestamp by the current time.
  out.add(Kind::update, put.plan->database, put.plan->collection, write, false,
          [&](bson::Builder& operation) {
            operation.open("q");
            append_equals(operation, "_id", put.values.at("_id"));
            operation.close();
            append_replacement(Mode::upsert, true, operation);
            operation.open("c").open("new");
            append_event(operation);
            operation.close().close().append("upsert", true);
          });
}

/// Operations of different kinds on one collection cannot share a command. So either all of a collection's
/// documents are inserted, or none.
void Puts::plan_inserts(const std::vector<Write>& writes) {
  if (new_documents_ != NewDocuments::insert) return;
  for (const Write& write : writes) {
    const auto* put = std::get_if<PutWrite>(&write);
    if (put == nullptr || can_be_inserted(*put)) continue;
    if (std::ranges::find(no_inserts_, put->plan) == no_inserts_.end()) no_inserts_.push_back(put->plan);
  }
}

bool Puts::inserts(const DocumentPlan& plan) const {
  return new_documents_ == NewDocuments::insert &&
         std::ranges::none_of(no_inserts_, [&](const DocumentPlan* other) {
           return other->collection == plan.collection && other->database == plan.database;
         });
}

void Puts::add(const PutWrite& put, std::size_t write, WriteCommands& out) {
  const DocumentPlan& plan = *put.plan;
  if (appends(put)) {
    append(put, write, out);
    return;
  }
  if (inserts(plan)) {
    out.add(Kind::insert, plan.database, plan.collection, write, false, [&](bson::Builder& document) {
      document.append("_id", put.id);
      for (const auto& [name, value] : put.values) document.append(name, value);
    });
    return;
  }
  const bool removes = plan.mode == Mode::remove;
  const Kind kind = removes ? Kind::remove : Kind::update;
  out.add(kind, plan.database, plan.collection, write, false, [&](bson::Builder& operation) {
    append_query(put, operation);
    if (removes) {
      operation.append("limit", 1);
      return;
    }
    append_change(put, operation);
    if (plan.mode != Mode::update) operation.append("upsert", true);
  });
}

void Puts::finish(WriteCommands& out) {
  const auto is_new = [this](const Head& head) {
    return new_documents_ == NewDocuments::insert && !head.exists;
  };
  for (const Head& head : heads_) {
    if (!is_new(head)) continue;
    out.add(Kind::insert, head.plan->database, head.collection, head.write, false,
            [&](bson::Builder& document) {
              document.append("_id", head.aggregate).append(sequence, head.number);
            });
  }
  for (const Head& head : heads_) {
    if (is_new(head)) continue;
    out.add(Kind::update, head.plan->database, head.collection, head.write, false,
            [&](bson::Builder& operation) {
              operation.open("q");
              append_equals(operation, "_id", head.aggregate);
              operation.close().open("u").open("$set").append(sequence, head.number).close().close();
              operation.append("upsert", true);
            });
  }
}

Ran run_puts(mongo::Transaction& transaction, int statement_ms, const std::vector<Write>& writes,
             std::size_t most_operations, NewDocuments new_documents) {
  Puts puts(transaction, statement_ms, new_documents);
  if (auto error = puts.read(writes)) return {0, 0, error, std::nullopt};
  WriteCommands commands(statement_ms, most_operations, WriteCommands::Order::as_given);
  for (std::size_t i = 0; i < writes.size(); ++i) {
    if (const auto* put = std::get_if<PutWrite>(&writes[i])) puts.add(*put, i, commands);
  }
  puts.finish(commands);
  return commands.run(transaction);
}

}  // namespace sluice::sinks
