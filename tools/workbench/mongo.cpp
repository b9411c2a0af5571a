#include "workbench/mongo.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>
#include <utility>

namespace workbench {
namespace {

/// A reply that the driver fills in. It must be destroyed in any case, also after an error.
class Reply {
 public:
  Reply() { bson_init(&bson_); }
  ~Reply() { bson_destroy(&bson_); }
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;
  bson_t* get() { return &bson_; }
  bool transient() const { return mongoc_error_has_label(&bson_, "TransientTransactionError"); }

 private:
  bson_t bson_;
};

/// Whether the server refused the call because it is not the primary, and did nothing.
bool is_refused(const bson_error_t& error) {
  constexpr std::array<std::uint32_t, 2> codes = {10107, 13435};
  return std::ranges::find(codes, error.code) != codes.end();
}

/// Whether an election, a shutdown or a broken connection ended the call.
bool is_interrupted(const bson_error_t& error) {
  constexpr std::array<std::uint32_t, 7> codes = {91, 175, 189, 11600, 11602, 13436, 10058};
  return error.domain == MONGOC_ERROR_STREAM || std::ranges::find(codes, error.code) != codes.end();
}

Written written(const Document& reply) {
  return {reply.integer("insertedCount"), reply.integer("matchedCount"), reply.integer("modifiedCount"),
          reply.integer("deletedCount"), reply.has("upsertedId") ? 1 : 0};
}

/// The update as libmongoc expects it. A pipeline is a document with the keys "0", "1", ...
Document unwrapped(const Document& update) {
  return update.has("pipeline") ? update.child("pipeline") : update;
}

}  // namespace

Driver::Driver() {
  mongoc_init();
  // By default the driver logs to stderr, which is noise in tests that kill servers.
  mongoc_log_set_handler(nullptr, nullptr);
}

Driver::~Driver() {
  mongoc_cleanup();
}

MongoError::MongoError(const std::string& doing, const bson_error_t& error, bool transient)
    : std::runtime_error(doing + ": " + error.message + " (code " + std::to_string(error.code) + ")"),
      code_(error.code),
      transient_(transient) {}

Mongo::Mongo(const std::string& uri, std::string database)
    : uri_(uri), database_(std::move(database)), client_(mongoc_client_new(uri.c_str())) {
  if (!client_) throw std::invalid_argument("not a connection string: " + uri);
  mongoc_client_set_error_api(client_.get(), MONGOC_ERROR_API_VERSION_2);
  constexpr std::int32_t drivers_default_ms = 30'000;
  patience_ = std::chrono::milliseconds(mongoc_uri_get_option_as_int32(
      mongoc_client_get_uri(client_.get()), MONGOC_URI_SERVERSELECTIONTIMEOUTMS, drivers_default_ms));
}

template <class Call>
Document Mongo::run(const char* verb, const std::string& collection, const Document& options, Repeat repeat,
                    Call call) {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::milliseconds pause(50);
  const std::string doing = std::string(verb) + " " + database_ + "." + collection;
  const Collection handle(mongoc_client_get_collection(client_.get(), database_.c_str(), collection.c_str()));
  const auto deadline = Clock::now() + patience_;
  for (;;) {
    Document all = options;
    Reply reply;
    bson_error_t error;
    if (session_ && !mongoc_client_session_append(session_.get(), all.get(), &error))
      throw MongoError(doing, error);
    if (call(handle.get(), all.get(), reply.get(), &error)) return Document(*reply.get());
    const bool passing = (repeat != Repeat::never && is_refused(error)) ||
                         (repeat == Repeat::if_interrupted && is_interrupted(error));
    if (!passing || session_ || Clock::now() >= deadline) throw MongoError(doing, error, reply.transient());
    std::this_thread::sleep_for(pause);
  }
}

Document Mongo::command(const Document& command) {
  return command_on(database_, command, Repeat::if_refused);
}

Document Mongo::admin(const Document& command) {
  return command_on("admin", command, Repeat::if_refused);
}

Document Mongo::command_on(const std::string& database, const Document& command, Repeat repeat) {
  const char* verb = database == database_ ? "command on" : "admin command beside";
  return run(verb, "", {}, repeat, [&](auto*, auto*, bson_t* reply, bson_error_t* error) {
    return mongoc_client_command_simple(client_.get(), database.c_str(), command.get(), nullptr, reply,
                                        error);
  });
}

void Mongo::insert(const std::string& collection, const Document& document) {
  run("insert into", collection, {}, Repeat::never,
      [&](auto* handle, auto* options, bson_t* reply, bson_error_t* error) {
        return mongoc_collection_insert_one(handle, document.get(), options, reply, error);
      });
}

void Mongo::insert(const std::string& collection, const std::vector<Document>& documents) {
  if (documents.empty()) return;
  const auto pointers = std::make_unique<const bson_t*[]>(documents.size());
  std::ranges::transform(documents, pointers.get(), [](const Document& document) { return document.get(); });
  run("insert into", collection, R"({"ordered":false})", Repeat::never,
      [&](auto* handle, auto* options, bson_t* reply, bson_error_t* error) {
        return mongoc_collection_insert_many(handle, pointers.get(), documents.size(), options, reply, error);
      });
}

Written Mongo::update(const std::string& collection, const Document& filter, const Document& update,
                      const Document& options) {
  const Document change = unwrapped(update);
  return written(run("update of", collection, options, Repeat::never,
                     [&](auto* handle, auto* all, bson_t* reply, auto* error) {
                       return mongoc_collection_update_one(handle, filter.get(), change.get(), all, reply,
                                                           error);
                     }));
}

Written Mongo::update_many(const std::string& collection, const Document& filter, const Document& update) {
  const Document change = unwrapped(update);
  return written(run(
      "update of", collection, {}, Repeat::never, [&](auto* handle, auto* all, bson_t* reply, auto* error) {
        return mongoc_collection_update_many(handle, filter.get(), change.get(), all, reply, error);
      }));
}

Written Mongo::replace(const std::string& collection, const Document& filter, const Document& replacement,
                       const Document& options) {
  return written(run("replace in", collection, options, Repeat::never,
                     [&](auto* handle, auto* all, bson_t* reply, auto* error) {
                       return mongoc_collection_replace_one(handle, filter.get(), replacement.get(), all,
                                                            reply, error);
                     }));
}

Written Mongo::remove(const std::string& collection, const Document& filter) {
  return written(run("delete from", collection, {}, Repeat::never,
                     [&](auto* handle, auto* all, bson_t* reply, auto* error) {
                       return mongoc_collection_delete_one(handle, filter.get(), all, reply, error);
                     }));
}

Written Mongo::remove_many(const std::string& collection, const Document& filter) {
  return written(run("delete from", collection, {}, Repeat::never,
                     [&](auto* handle, auto* all, bson_t* reply, auto* error) {
                       return mongoc_collection_delete_many(handle, filter.get(), all, reply, error);
                     }));
}

void Mongo::scan(const std::string& collection, const Document& filter, const Document& options,
                 const std::function<void(const Document&)>& visit) {
  bool visited = false;
  run("find in", collection, options, Repeat::if_interrupted,
      [&](auto* handle, auto* all, bson_t*, bson_error_t* error) {
        const Cursor cursor(mongoc_collection_find_with_opts(handle, filter.get(), all, nullptr));
        const bson_t* next = nullptr;
        while (mongoc_cursor_next(cursor.get(), &next)) {
          visited = true;
          visit(Document(*next));
        }
        if (!mongoc_cursor_error(cursor.get(), error)) return true;
        // Repeated, it would visit documents twice.
        if (visited) throw MongoError("find in " + database_ + "." + collection + ", halfway", *error);
        return false;
      });
}

std::vector<Document> Mongo::find(const std::string& collection, const Document& filter,
                                  const Document& options) {
  std::vector<Document> found;
  scan(collection, filter, options, [&](const Document& document) { found.push_back(document); });
  return found;
}

std::optional<Document> Mongo::find_one(const std::string& collection, const Document& filter) {
  auto found = find(collection, filter, R"({"limit":1})");
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::vector<Document> Mongo::aggregate(const std::string& collection, const Document& pipeline) {
  const Document stages = unwrapped(pipeline);
  std::vector<Document> found;
  run("aggregate of", collection, {}, Repeat::if_interrupted,
      [&](auto* handle, auto* all, bson_t*, bson_error_t* error) {
        found.clear();
        const Cursor cursor(
            mongoc_collection_aggregate(handle, MONGOC_QUERY_NONE, stages.get(), all, nullptr));
        const bson_t* next = nullptr;
        while (mongoc_cursor_next(cursor.get(), &next)) found.emplace_back(*next);
        return !mongoc_cursor_error(cursor.get(), error);
      });
  return found;
}

std::int64_t Mongo::count(const std::string& collection, const Document& filter) {
  std::int64_t count = 0;
  run("count of", collection, {}, Repeat::if_interrupted,
      [&](auto* handle, auto* options, bson_t*, bson_error_t* error) {
        count = mongoc_collection_count_documents(handle, filter.get(), options, nullptr, nullptr, error);
        return count >= 0;
      });
  return count;
}

void Mongo::create_index(const std::string& collection, const Document& keys, const std::string& name) {
  command("{\"createIndexes\":" + quoted(collection) + ",\"indexes\":[{\"key\":" + keys.json() +
          ",\"name\":" + quoted(name) + "}]}");
}

void Mongo::drop_database() {
  command_on(database_, R"({"dropDatabase":1})", Repeat::if_interrupted);
}

void Mongo::transaction(const std::function<void()>& body) {
  constexpr int most_attempts = 50;
  constexpr std::chrono::milliseconds step(
      5);  // a worker's transactions on the same documents need their turn
  for (int attempt = 1;; ++attempt) {
    try {
      return try_transaction(body);
    } catch (const MongoError& error) {
      if (!error.transient() || attempt == most_attempts) throw;
    }
    std::this_thread::sleep_for(attempt * step);
  }
}

void Mongo::try_transaction(const std::function<void()>& body) {
  bson_error_t error;
  session_.reset(mongoc_client_start_session(client_.get(), nullptr, &error));
  if (!session_) throw MongoError("starting a session", error);
  struct Ended {
    Session& session;
    ~Ended() { session.reset(); }  // also aborts an open transaction
  } const ended{session_};
  if (!mongoc_client_session_start_transaction(session_.get(), nullptr, &error)) {
    throw MongoError("starting a transaction", error);
  }
  body();
  Reply reply;
  if (!mongoc_client_session_commit_transaction(session_.get(), reply.get(), &error)) {
    throw MongoError("committing a transaction", error, reply.transient());
  }
}

std::uint64_t Mongo::operation_time() {
  return command_on(database_, R"({"ping":1})", Repeat::if_interrupted).timestamp("operationTime");
}

void Mongo::append_note(const std::string& by) {
  command_on("admin", R"({"appendOplogNote":1,"data":{"by":)" + quoted(by) + "}}", Repeat::if_interrupted);
}

}  // namespace workbench
