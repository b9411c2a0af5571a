#include "sinks/puts.hpp"

#include <algorithm>

#include "sinks/query.hpp"

namespace sluice::sinks {

namespace {

using Kind = WriteCommands::Kind;
using Mode = DocumentPlan::Mode;

const std::string sequence = "seq";

bool appends(const PutWrite& put) {
  return put.plan->mode == Mode::append;
}

void append_change(const PutWrite& put, bson::Builder& operation) {
  const DocumentPlan& plan = *put.plan;
  if (plan.pipeline.empty()) {
    operation.open("u").append(plan.mode == Mode::insert ? "$setOnInsert" : "$set", put.values).close();
    return;
  }
  operation.append("u", bson::View(plan.pipeline.data(), plan.pipeline.size()).at("u"));
  operation.open("c").append("new", put.values).close();
}

}  // namespace

bool puts_something(const std::vector<Write>& writes) {
  return std::ranges::any_of(writes,
                             [](const Write& write) { return std::holds_alternative<PutWrite>(write); });
}

std::optional<Error> Puts::read(const std::vector<Write>& writes) {
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
    head.number = found.at(sequence).integer().value_or(0);
  }
  return std::nullopt;
}

Puts::Head& Puts::head_of(const PutWrite& put) {
  Heads& heads = heads_by_place_[put.plan->database + "." + put.plan->collection];
  const auto [found, fresh] = heads.try_emplace(bson::Identity(put.id), nullptr);
  if (fresh) found->second = &heads_.emplace_back(Head{put.plan, put.plan->heads(), put.id, 0, 0});
  return *found->second;
}

void Puts::append(const PutWrite& put, std::size_t write, WriteCommands& out) {
  Head& head = head_of(put);
  ++head.number;
  head.write = write;
  out.add(Kind::insert, put.plan->database, put.plan->collection, write, false, [&](bson::Builder& document) {
    for (const auto& [name, value] : put.values) document.append(name, value);
    document.append(sequence, head.number);
  });
}

void Puts::add(const PutWrite& put, std::size_t write, WriteCommands& out) {
  const DocumentPlan& plan = *put.plan;
  if (appends(put)) {
    append(put, write, out);
    return;
  }
  const bool removes = plan.mode == Mode::remove;
  const Kind kind = removes ? Kind::remove : Kind::update;
  out.add(kind, plan.database, plan.collection, write, false, [&](bson::Builder& operation) {
    operation.open("q");
    append_equals(operation, "_id", put.id);
    operation.close();
    if (removes) {
      operation.append("limit", 1);
      return;
    }
    append_change(put, operation);
    if (plan.mode != Mode::update) operation.append("upsert", true);
  });
}

void Puts::finish(WriteCommands& out) {
  for (const Head& head : heads_) {
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
             std::size_t most_operations) {
  Puts puts(transaction, statement_ms);
  if (auto error = puts.read(writes)) return {0, 0, error, std::nullopt};
  WriteCommands commands(statement_ms, most_operations, WriteCommands::Order::as_given);
  for (std::size_t i = 0; i < writes.size(); ++i) {
    if (const auto* put = std::get_if<PutWrite>(&writes[i])) puts.add(*put, i, commands);
  }
  puts.finish(commands);
  return commands.run(transaction);
}

}  // namespace sluice::sinks
