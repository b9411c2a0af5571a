#include "mongo/transaction.hpp"

#include "sluice/bson_builder.hpp"

namespace sluice::mongo {

namespace {

TransactionOptions transaction_options(Isolation isolation) {
  TransactionOptions options(mongoc_transaction_opts_new());
  const WriteConcern majority(mongoc_write_concern_new());
  mongoc_write_concern_set_w(majority.get(), MONGOC_WRITE_CONCERN_W_MAJORITY);
  mongoc_transaction_opts_set_write_concern(options.get(), majority.get());
  const ReadConcern level(mongoc_read_concern_new());
  mongoc_read_concern_set_level(level.get(), isolation == Isolation::snapshot
                                                 ? MONGOC_READ_CONCERN_LEVEL_SNAPSHOT
                                                 : MONGOC_READ_CONCERN_LEVEL_LOCAL);
  mongoc_transaction_opts_set_read_concern(options.get(), level.get());
  const ReadPrefs primary(mongoc_read_prefs_new(MONGOC_READ_PRIMARY));
  mongoc_transaction_opts_set_read_prefs(options.get(), primary.get());
  return options;
}

}  // namespace

Transaction::Transaction(mongoc_client_t* client, Isolation isolation, SessionRecorder* recorder)
    : client_(client) {
  bson_error_t error{};
  const SessionOptions session_options(mongoc_session_opts_new());
  mongoc_session_opts_set_causal_consistency(session_options.get(), false);
  session_.reset(mongoc_client_start_session(client, session_options.get(), &error));
  if (session_ && recorder != nullptr) {
    error_ = recorder->record(client, bson::View(*mongoc_client_session_get_lsid(session_.get())));
    if (error_) return;
  }
  const TransactionOptions options = transaction_options(isolation);
  open_ = session_ && mongoc_client_session_start_transaction(session_.get(), options.get(), &error) &&
          mongoc_client_session_append(session_.get(), options_.get(), &error);
  if (!open_) error_ = classify(error, nullptr, Doing::reading);
}

Transaction::~Transaction() {
  abort();
}

Reply Transaction::command(const std::string& database, bson::View command, Doing doing) {
  Reply reply = run_command(client_, database, command, doing, options_.get());
  in_doubt_ |= !reply.ok() && reply.error->network;
  return reply;
}

std::optional<Error> Transaction::commit() {
  // The driver itself retries once. Retrying for longer is left to the caller, which has a time limit.
  constexpr int rounds = 3;
  std::optional<Error> result;
  bool unknown = false;
  for (int round = 0; round < rounds; ++round) {
    bson::Document reply;
    bson_error_t error{};
    if (mongoc_client_session_commit_transaction(session_.get(), reply.out(), &error)) {
      open_ = false;
      return std::nullopt;
    }
    result = classify(error, reply.get(), Doing::storing);
    // Only this label says that the transaction was not committed. A commit that is interrupted while it
    // waits for a majority has been made, and the next attempt may then be refused for lack of rights.
    unknown = !mongoc_error_has_label(reply.get(), "TransientTransactionError");
    if (!result->network && refuses_size(*result)) {
      result->kind = ErrorKind::own_fault;
      unknown = false;
    }
    if (!unknown || result->kind == ErrorKind::fatal) break;
  }
  // After an attempt to commit, the driver no longer sends an abort, so abort() kills the session.
  in_doubt_ = true;
  result->unknown_commit = unknown;
  if (unknown && result->kind != ErrorKind::fatal) result->kind = ErrorKind::transient;
  return result;
}

void Transaction::abort() {
  if (!open_) return;
  open_ = false;
  mongoc_client_session_abort_transaction(session_.get(), nullptr);
  if (in_doubt_) kill_session();
}

/// Ignores errors: if this fails, the server ends the transaction at its own time limit.
void Transaction::kill_session() {
  bson::Builder kill;
  kill.open_array("killSessions");
  kill.append(kill.item(), bson::View(*mongoc_client_session_get_lsid(session_.get()))).close();
  run_command(client_, "admin", kill.finish(), Doing::reading);
}

}  // namespace sluice::mongo
