#include "inspect/inspect.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <utility>

#include "checkpoint/trigger_problems.hpp"
#include "config/state_names.hpp"
#include "core/cache_plan.hpp"
#include "core/publish_plan.hpp"
#include "core/webhook_plan.hpp"
#include "inspect/inspect_state.hpp"
#include "mongo/transaction.hpp"
#include "mongo/who_answers.hpp"
#include "operations/triggers.hpp"
#include "requirements/fingerprints.hpp"
#include "requirements/fitness.hpp"
#include "requirements/rights.hpp"
#include "rules/registry.hpp"
#include "sinks/jetstream/connection.hpp"
#include "sinks/jetstream/streams.hpp"
#include "sinks/redis/connection.hpp"
#include "sinks/webhook/outlet.hpp"
#include "sluice/bson_builder.hpp"
#include "source/change_stream.hpp"

namespace sluice::inspect {

namespace {

constexpr std::int32_t unauthorized = 13;
constexpr int clients = 2;  // the stream's and ours
constexpr std::int64_t first_with_pre_images = 6;

bool needs_images(const requirements::Rules& rules) {
  return std::ranges::any_of(requirements::subscriptions_of(rules), &Subscription::needs_images);
}

/// One stream, from the server down to the indexes of each rule.
class Inspector {
 public:
  Inspector(const Config& config, const StreamConfig& stream,
            const std::function<void(const Finding&)>& report)
      : config_(config),
        stream_(stream),
        report_(report),
        rules_(rules::make_rules(stream)),
        pool_(stream, clients, "sluice check"),
        client_(pool_.acquire()),
        shape_(client_.get(), stream.database),
        rights_(requirements::Rights::unlimited()) {}

  void run() {
    if (!reaches_server() || !knows_rights()) return;
    look_at_version();
    look_at_compatibility();
    look_at_stream();
    for (const auto& rule : rules_) look_at_rule(*rule);
    for (const auto& rule : rules_) look_at_messages(*rule);
    for (const auto& rule : rules_) look_at_requests(*rule);
    for (const auto& rule : rules_) look_at_cache(*rule);
  }

 private:
  void say(Level level, std::string message) { report_({level, stream_.name, std::move(message)}); }
  void say(Level level, const Rule& rule, std::string message) {
    report_({level, stream_.name + "/" + rule.name(), std::move(message)});
  }

  void look_at_cache(const Rule& rule) {
    for (const DeliveryPlan* delivery : rule.deliveries()) {
      if (delivery->sink() != CachePlan::sink_name) continue;
      if (!redis_) redis_ = sinks::redis::ping(config_.redis);
      if (const auto& error = *redis_) {
        say(Level::error, rule, error->message);
      } else {
        say(Level::ok, rule, "keeps keys in Redis at " + config_.redis.shown_url() + ", which answers");
      }
    }
  }

  /// The servers that a rule publishes to are asked by one connection for all rules.
  void look_at_messages(const Rule& rule) {
    for (const DeliveryPlan* delivery : rule.deliveries()) {
      const auto* plan = dynamic_cast<const PublishPlan*>(delivery);
      if (plan == nullptr) continue;
      if (!nats_) nats_ = sinks::jetstream::Connection::open(config_.nats);
      if (const auto* error = std::get_if<Error>(&*nats_)) {
        say(Level::error, rule, error->message);
        return;
      }
      bool there = false;
      const auto differs = [&](const std::string& text) { say(Level::warning, rule, text); };
      const auto& connection = *std::get<std::shared_ptr<sinks::jetstream::Connection>>(*nats_);
      auto error = sinks::jetstream::look_at_stream(connection, plan->stream, differs, there);
      if (!error && !there && !plan->stream.create) error = sinks::jetstream::missing(plan->stream);
      if (!error && !there && plan->stream.create)
        error = sinks::jetstream::overlap(connection, plan->stream);
      if (error) {
        say(Level::error, rule, error->message);
      } else {
        say(Level::ok, rule,
            fmt::format("publishes to the JetStream stream {}{}", plan->stream.name,
                        there ? "" : ", which a worker will create"));
      }
    }
  }

  void look_at_requests(const Rule& rule) {
    for (const DeliveryPlan* delivery : rule.deliveries()) {
      const auto* plan = dynamic_cast<const WebhookPlan*>(delivery);
      if (plan == nullptr) continue;
      auto error = sinks::try_service(*plan);
      if (!error) {
        say(Level::ok, rule, "connects to " + plan->service.origin);
      } else {
        say(Level::error, rule, error->message);
      }
    }
  }

  mongo::Reply ask(const std::string& database, bson::Builder& command) {
    return mongo::run_command(client_.get(), database, command.finish(), mongo::Doing::reading);
  }

  bool reaches_server() {
    bson::Builder hello;
    hello.append("hello", 1);
    const mongo::Reply reply = ask("admin", hello);
    if (!reply.ok() && mongo::is_denial(*reply.error)) {
      say(Level::error,
          fmt::format("the server refuses the login: {}; check user, password and authSource in the URI",
                      reply.error->text()));
      return false;
    }
    const std::string other =
        reply.ok() ? "" : mongo::who_answers_instead(mongoc_client_get_uri(client_.get()));
    if (!other.empty()) {
      say(Level::error, other);
      return false;
    }
    const std::string names =
        reply.ok() ? "" : mongo::wrong_certificate(mongoc_client_get_uri(client_.get()), *reply.error);
    if (!names.empty()) {
      say(Level::unreachable,
          fmt::format(
              "no server can be reached at {}: {}; {}. Name the server as its certificate does, or give "
              "it a certificate for this name",
              pool_.hosts(), reply.error->message, names));
      return false;
    }
    if (!reply.ok()) {
      say(Level::unreachable, fmt::format("no server can be reached at {}: {}. Is it running, and is its "
                                          "replica set's name in the URI right?",
                                          pool_.hosts(), reply.error->message));
      return false;
    }
    set_ = reply.view().at("setName").text();
    const bool cluster = reply.view().at("msg").text() == "isdbgrid";
    if (set_.empty() && !cluster) {
      say(Level::error, requirements::no_replica_set);
      return false;
    }
    return true;
  }

  /// Without a log-in the server either allows everything or nearly nothing.
  bool knows_rights() {
    bson::Builder status;
    status.append("connectionStatus", 1).append("showPrivileges", true);
    const mongo::Reply reply = ask("admin", status);
    if (!reply.ok()) {
      say(Level::error, "the privileges of the user cannot be read: " + reply.error->text());
      return false;
    }
    mongo::Privileges privileges = mongo::Privileges::read(reply.view());
    if (!privileges.anonymous()) {
      rights_ = requirements::Rights(std::move(privileges));
      say(Level::ok, "logged in as " + rights_.user());
      return true;
    }
    bson::Builder find;
    find.append("find", state::layouts).append("limit", 1);
    const mongo::Reply found = ask(config_.state_database, find);
    if (found.ok() || found.error->code != unauthorized) {
      say(Level::ok, "access control is off: every user may do everything");
      return true;
    }
    say(Level::error, "the server requires a login, and the URI names no user (mongodb://user:password@...)");
    return false;
  }

  void look_at_version() {
    bson::Builder info;
    info.append("buildInfo", 1);
    const mongo::Reply reply = ask("admin", info);
    const std::string version(reply.view().at("version").text());
    const std::int64_t major = reply.view().at_path("versionArray").document().at("0").integer().value_or(0);
    const std::string where =
        fmt::format("MongoDB {}, {}", version, set_.empty() ? "a sharded cluster" : "replica set " + set_);
    if (major >= first_with_pre_images) {
      say(Level::ok, where);
    } else {
      say(needs_images(rules_) ? Level::error : Level::warning,
          where + "; pre-images, which count and tally need, require 6.0");
    }
  }

  /// A server that was upgraded goes on as the old one until it is told otherwise. Not everybody may ask, and
  /// a sharded cluster's router does not know.
  void look_at_compatibility() {
    bson::Builder question;
    question.append("getParameter", 1).append("featureCompatibilityVersion", 1);
    const mongo::Reply reply = ask("admin", question);
    const std::string version(reply.view().at_path("featureCompatibilityVersion.version").text());
    if (!reply.ok() || version.empty() || std::atoll(version.c_str()) >= first_with_pre_images) return;
    say(needs_images(rules_) ? Level::error : Level::warning,
        "its featureCompatibilityVersion is " + version +
            "; pre-images, which count and tally need, require 6.0: "
            "db.adminCommand({setFeatureCompatibilityVersion: \"6.0\"})");
  }

  /// The stream and the state database belong together: whether the stored position can be read from is seen
  /// by opening the stream there.
  void look_at_stream() {
    const auto lacks_stream = rights_.missing(stream_.database, {{"", {"find", "changeStream"}}});
    if (lacks_stream) say(Level::error, "the change stream: " + *lacks_stream);
    const StateReport state = inspect_state(client_.get(), rights_, config_, stream_, filter(), rules_);
    for (const auto& [level, message] : state.findings) say(level, message);
    if (lacks_stream) return;
    source::ChangeStream stream(pool_, {stream_.database, filter(), 1, 1});
    Position at;
    const auto error = stream.open(state.floor, at, state.filter_changed);
    if (!error) {
      say(Level::ok, state.floor ? "the change stream opens at the stored position"
                                 : "the change stream opens on " + stream_.database);
    } else if (error->kind == ErrorKind::lost) {
      say(Level::error, "the stored position is lost: " + error->text() +
                            "; bring the targets up to date, then start once with --restart-now");
    } else {
      say(Level::error, "the change stream does not open: " + error->text());
    }
  }

  source::StreamFilter filter() const {
    return requirements::filter_of(rules_, config_.parts(), config_.shard_index);
  }

  void look_at_rule(const Rule& rule) {
    const std::vector<Subscription> read = source::merge_subscriptions(rule.subscriptions());
    for (const requirements::NamedCollection& named :
         requirements::named_collections(rule, stream_.database)) {
      const auto subscription = std::ranges::find(read, named.name, &Subscription::collection);
      if (named.read) {
        look_at_source(rule, named, subscription->needs_images());
      } else {
        look_at_target(rule, named);
      }
    }
    for (const Subscription& one : read) {
      if (one.set) look_at_set(rule, one);
    }
    if (auto lack = rights_.missing(stream_.database, requirements::accesses_of(rule)))
      say(Level::error, rule, *lack);
    for (const IndexNeed& need : rule.indexes()) look_at_index(rule, need);
  }

  void look_at_source(const Rule& rule, const requirements::NamedCollection& named, bool needs_images) {
    const std::string full = named.full_name();
    requirements::CollectionState state;
    if (auto error = shape_.look_at(named.name, state)) {
      say_unseen(rule, named, needs_images, *error);
    } else if (const auto why = state.exists ? requirements::unfit(named, state)
                                             : requirements::elsewhere(client_.get(), named)) {
      say(Level::error, rule, *why);
    } else if (!state.exists && !needs_images) {
      const std::string near = requirements::nearest_collection(client_.get(), stream_.database, named.name);
      say(near.empty() ? Level::note : Level::warning, rule,
          full + " does not exist yet" + (near.empty() ? "" : "; did you mean '" + near + "'?"));
    } else if (!state.exists) {
      say_absent(rule, named.name);
    } else if (!needs_images) {
      say(Level::ok, rule, full + " exists");
    } else if (state.pre_images) {
      say(Level::ok, rule, full + " exists, pre-images are on");
    } else {
      say_without_pre_images(rule, named.name);
    }
  }

  /// What patterns match at present. There may be more to come.
  void look_at_set(const Rule& rule, const Subscription& subscription) {
    std::map<std::string, requirements::CollectionState> found;
    if (auto error = shape_.list(*subscription.set, found)) {
      const requirements::NamedCollection all{.database = stream_.database, .name = subscription.collection};
      return say_unseen(rule, all, subscription.needs_images(), *error);
    }
    if (found.empty()) {
      return say(Level::warning, rule,
                 fmt::format("'{}' matches no collection of {} at present", subscription.collection,
                             stream_.database));
    }
    say(Level::ok, rule,
        fmt::format("'{}' matches {} collection{} of {} at present: {}", subscription.collection,
                    found.size(), found.size() == 1 ? "" : "s", stream_.database, names_of(found)));
    if (!subscription.needs_images()) return;
    for (const auto& [name, state] : found) {
      if (!state.pre_images) say_without_pre_images(rule, name);
    }
  }

  static std::string names_of(const std::map<std::string, requirements::CollectionState>& found) {
    constexpr std::size_t most = 20;
    std::string text;
    std::size_t shown = 0;
    for (const auto& [name, state] : found) {
      if (shown++ == most) return text + fmt::format(" and {} more", found.size() - most);
      text += (text.empty() ? "" : ", ") + name;
    }
    return text;
  }

  void look_at_target(const Rule& rule, const requirements::NamedCollection& named) {
    requirements::CollectionState state;
    const requirements::DatabaseShape shape(client_.get(), named.database);
    if (auto error = shape.look_at(named.name, state)) return say_unseen(rule, named, false, *error);
    if (const auto why = requirements::unfit(named, state)) say(Level::error, rule, *why);
  }

  void say_unseen(const Rule& rule, const requirements::NamedCollection& named, bool needed,
                  const Error& error) {
    const auto lack = rights_.missing(named.database, {{"", {"listCollections"}}});
    say(needed ? Level::error : Level::note, rule,
        named.full_name() + (lack ? ": " + *lack : " cannot be looked at: " + error.text()));
  }

  void say_absent(const Rule& rule, const std::string& name) {
    const std::string full = stream_.database + "." + name;
    const std::string near = requirements::nearest_collection(client_.get(), stream_.database, name);
    const std::string hint = near.empty() ? "" : "; did you mean '" + near + "'?";
    // The server takes either right for it.
    if (rights_.may("insert", stream_.database, name) ||
        rights_.may("createCollection", stream_.database, name)) {
      say(near.empty() ? Level::note : Level::warning, rule,
          full + " does not exist; the worker creates it with pre-images" + hint);
    } else {
      say(Level::error, rule,
          full + " does not exist, and the worker may not create it: " +
              *rights_.missing(stream_.database, {{name, {"createCollection"}}}) + hint);
    }
  }

  void say_without_pre_images(const Rule& rule, const std::string& name) {
    const std::string full = stream_.database + "." + name;
    const std::string line = requirements::enable_pre_images_line(stream_.database, name);
    if (auto lack = rights_.missing(stream_.database, {{name, {"collMod"}}})) {
      say(Level::error, rule,
          full + " has no pre-images: " + *lack + "; or let the worker enable them: " + line);
    } else {
      say(Level::warning, rule,
          full +
              " has no pre-images; the worker enables them when it starts, and changes before that have "
              "none: " +
              line);
    }
  }

  void look_at_index(const Rule& rule, const IndexNeed& need) {
    const std::string full = stream_.database + "." + need.collection;
    bool there = false;
    if (auto error = shape_.look_for(need, there)) {
      const auto lack = rights_.missing(stream_.database, {{need.collection, {"listIndexes"}}});
      say(Level::error, rule, full + (lack ? ": " + *lack : ", its indexes: " + error->text()));
      return;
    }
    const std::string line = requirements::create_index_line(stream_.database, need);
    if (there) {
      say(Level::ok, rule, fmt::format("{} has an index on {}", full, need.field));
    } else if (config_.indexes == IndexPolicy::warn) {
      say(Level::warning, rule,
          fmt::format("{} has no index on {}: every change of a source scans the collection; create it: {}",
                      full, need.field, line));
    } else if (auto lack = rights_.missing(stream_.database, {{need.collection, {"createIndex"}}})) {
      say(Level::error, rule,
          fmt::format("{} has no index on {}: {}; or let the worker create it: {}", full, need.field, *lack,
                      line));
    } else {
      say(Level::note, rule,
          fmt::format("{} has no index on {}; the worker creates it when it starts: {}", full, need.field,
                      line));
    }
  }

  const Config& config_;
  const StreamConfig& stream_;
  const std::function<void(const Finding&)>& report_;
  requirements::Rules rules_;
  mongo::ClientPool pool_;
  mongo::ClientPool::Client client_;
  requirements::DatabaseShape shape_;
  std::optional<std::variant<std::shared_ptr<sinks::jetstream::Connection>, Error>> nats_;
  std::optional<std::optional<Error>> redis_;  ///< asked once for all rules
  requirements::Rights rights_;
  std::string set_;
};

/// What the workers have noted. A server that does not answer, and rights that are missing, are told of
/// above.
void look_at_triggers(const Config& config, const std::function<void(const Finding&)>& report) {
  std::set<std::pair<std::string, std::string>> asked;
  for (const StreamConfig& stream : config.streams) {
    if (!asked.emplace(stream.uri, stream.uri_file).second) continue;
    mongo::ClientPool pool(stream, 1, "sluice check");
    const auto client = pool.acquire();
    std::vector<checkpoint::TriggerProblem> problems;
    if (checkpoint::read_trigger_problems(client.get(), config.state_database, config.pipeline, problems))
      continue;
    for (const checkpoint::TriggerProblem& problem : problems) {
      report({Level::error,
              checkpoint::trigger_stream_name(problem.trigger.stream) + "/" + problem.trigger.name,
              "the trigger is not running: " + problem.text});
    }
  }
}

}  // namespace

void inspect(const Config& config, const std::function<void(const Finding&)>& report) {
  const mongo::Driver driver;
  for (const StreamConfig& stream : config.streams) Inspector(config, stream, report).run();
  look_at_triggers(config, report);
}

}  // namespace sluice::inspect
