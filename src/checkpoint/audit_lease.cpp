#include "checkpoint/audit_lease.hpp"

#include "config/state_names.hpp"
#include "mongo/end_transactions.hpp"

namespace sluice::checkpoint {

AuditLease::AuditLease(mongo::ClientPool& pool, std::string state_database, std::string stream_id,
                       int lease_ms)
    : pool_(pool),
      database_(std::move(state_database)),
      id_(std::move(stream_id)),
      lease_ms_(lease_ms),
      self_(LeaseHolder::self()) {}

AuditLease::~AuditLease() {
  if (keeper_.joinable()) {
    keeper_.request_stop();
    keeper_.join();
  }
  try {
    release();
  } catch (const std::exception&) {  // if no client is free in time, the lease expires by itself
  }
}

void AuditLease::end_transactions_of(const std::string& holder) const {
  const auto client = pool_.acquire();
  mongo::end_transactions(client.get(), [&](const mongo::OpenTransaction& open) {
    return abandoned(open, self_, lease_ms_, open.application == holder);
  });
}

std::variant<std::monostate, Held, Error> AuditLease::acquire() {
  const auto client = pool_.acquire();
  bson::Builder find;
  find.append("find", state::audits).open("filter").append("_id", id_).close();
  const mongo::Reply found =
      mongo::run_command(client.get(), database_, find.finish(), mongo::Doing::reading);
  if (!found.ok()) return *found.error;
  const std::int64_t now_ms =
      static_cast<std::int64_t>(found.view().at("operationTime").timestamp() >> 32) * 1000;
  const bson::View known = found.view().at_path("cursor.firstBatch").document().at("0").document();
  const std::int64_t epoch = known.at("epoch").integer().value_or(0);
  if (known.at("holder").is_document()) {
    const LeaseHolder holder = LeaseHolder::read(known.at("holder").document());
    const std::int64_t left_ms = known.at("expiresAt").date_ms() - now_ms;
    if (left_ms > 0 && !holder.is_gone()) return Held{id_, holder.text(), left_ms};
    end_transactions_of(holder.instance);
  }
  bson::Builder update;
  update.append("update", state::audits).open_array("updates").open(update.item());
  update.open("q").append("_id", id_);
  if (known) {
    update.append("epoch", epoch).append("writes", known.at("writes"));
  } else {
    // Matches nothing, so the upsert inserts. Of two processes that insert at the same time, one gets a
    // duplicate key error.
    update.open("epoch").append("$exists", false).close();
  }
  update.close().open_array("u").open(update.item()).open("$set").append("epoch", epoch + 1);
  update.append("writes", known.at("writes").integer().value_or(0));
  update.open("holder");
  self_.append_to(update);
  update.close().open("expiresAt").open_array("$add").append("0", "$$NOW").append("1", lease_ms_);
  update.close().close().close().close().close();
  if (!known) update.append("upsert", true);
  update.close().close().open("writeConcern").append("w", "majority").close();
  const mongo::Reply taken =
      mongo::run_command(client.get(), database_, update.finish(), mongo::Doing::storing);
  if (!taken.ok() && taken.error->code != mongo::duplicate_key) return *taken.error;
  if (!taken.ok() || taken.view().at("n").integer() != 1) return Held{id_, "another process", 0};
  epoch_ = epoch + 1;
  writes_ = known.at("writes").integer().value_or(0);
  keeper_ = std::jthread([this](const std::stop_token& stop) { keep(stop); });
  return std::monostate{};
}

void AuditLease::append_query(bson::Builder& update) const {
  update.append("update", state::audits).open_array("updates").open(update.item());
  update.open("q").append("_id", id_).append("epoch", epoch_).close();
}

std::optional<Error> AuditLease::hold(mongo::Transaction& transaction, bool& held) const {
  bson::Builder update;
  update.append("update", state::audits).open_array("updates").open(update.item());
  update.open("q").append("_id", id_).append("epoch", epoch_).append("writes", writes_).close();
  update.open("u").open("$inc").append("writes", std::int64_t{1}).close().close().close().close();
  const mongo::Reply reply = transaction.command(database_, update.finish(), mongo::Doing::storing);
  held = reply.ok() && reply.view().at("n").integer() == 1;
  return reply.error;
}

std::optional<Error> AuditLease::ask(bool& committed) const {
  const auto client = pool_.acquire();
  bson::Builder find;
  find.append("find", state::audits).open("filter").append("_id", id_).close();
  find.open("readConcern").append("level", "majority").close();
  const mongo::Reply reply =
      mongo::run_command(client.get(), database_, find.finish(), mongo::Doing::reading);
  if (!reply.ok()) return reply.error;
  const bson::View lease = reply.view().at_path("cursor.firstBatch").document().at("0").document();
  if (lease.at("epoch").integer() != epoch_) {
    return Error{ErrorKind::fenced, 0, "another process has taken over the audit of " + id_, false};
  }
  committed = lease.at("writes").integer() == writes_ + 1;
  return std::nullopt;
}

/// A failed renewal is retried after a third of the lease's time. If the lease ends meanwhile, hold()
/// notices.
void AuditLease::keep(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, stop, std::chrono::milliseconds(lease_ms_ / 3), [] { return false; });
    }
    if (stop.stop_requested()) return;
    try {
      renew();
    } catch (const std::exception&) {  // such as no free client in time
    }
  }
}

void AuditLease::renew() {
  const auto client = pool_.acquire();
  bson::Builder update;
  append_query(update);
  update.open_array("u").open(update.item()).open("$set").open("expiresAt").open_array("$add");
  update.append("0", "$$NOW").append("1", lease_ms_);
  update.close().close().close().close().close().close().close();
  mongo::run_command(client.get(), database_, update.finish(), mongo::Doing::storing);
}

void AuditLease::release() {
  if (epoch_ == 0) return;
  const auto client = pool_.acquire();
  bson::Builder update;
  append_query(update);
  update.open("u").open("$unset").append("holder", true).close().close().close().close();
  mongo::run_command(client.get(), database_, update.finish(), mongo::Doing::storing);
}

}  // namespace sluice::checkpoint
