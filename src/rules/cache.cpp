#include "core/cache_plan.hpp"

#include <algorithm>

#include "rules/registry.hpp"
#include "rules/shared/collection_names.hpp"
#include "rules/shared/event_message.hpp"
#include "rules/shared/format.hpp"
#include "rules/shared/selection.hpp"
#include "rules/shared/text_template.hpp"

namespace sluice::rules {

namespace {

constexpr const char* no_old_key =
    "a key of this rule is made of a field whose value before the change is not known: the server has no "
    "pre-image; make sure that changeStreamPreAndPostImages is on and that images are kept for longer than "
    "the worker may lag, and drop the document's old keys by hand";
constexpr const char* unclear_key =
    "a key of this rule is made of a field, and the document has another field whose name contains dots and "
    "looks like its path: servers before 7.0 do not say which of the two an update changed; rename that "
    "field, and drop the document's keys by hand";
constexpr const char* too_large_for_keys =
    "the event is too large for the server to send, so the keys of this rule that are made of fields are not "
    "known; drop them by hand, or make keys of the id alone";

/// What `refresh` stores under the key of a document that exists.
enum class Kept : std::uint8_t { nothing, document, event, text };

struct CacheParts {
  CachePlan plan;
  std::vector<Subscription> subscriptions;
  std::vector<TextTemplate> drops;
  std::optional<TextTemplate> refresh;  ///< the key of `refresh`
  Kept kept = Kept::nothing;
  std::optional<TextTemplate> value;  ///< with Kept::text
  bool exact_after = false;           ///< the full document of an update is exactly as the update left it
  std::string fingerprint;
};

/// Makes the effects of one event. A key is made of the document before the change and of the document after
/// it; if both give the same key, it is written once.
class Keys {
 public:
  Keys(const CacheParts& parts, const ChangeEvent& event, Effects& effects)
      : parts_(parts), event_(event), effects_(effects), whole_(event.detail == Detail::whole) {}

  void make() {
    if (parts_.refresh) refresh(*parts_.refresh);
    for (const TextTemplate& one : parts_.drops) {
      for (const Side side : {Side::before, Side::after}) {
        if (auto key = key_of(one, side)) drop(*std::move(key));
      }
    }
    if (lack_ != nullptr) effects_.add(Reject{lack_code_, lack_}, bson::Identity(event_.id).hash(0));
  }

 private:
  enum class Side : std::uint8_t { before, after };

  bool stands(Side side) const {
    return side == Side::before ? event_.operation != Operation::insert
                                : event_.operation != Operation::remove;
  }

  /// The document after the change; absent if that is not known exactly.
  bson::View after() const {
    const bool exact = event_.operation != Operation::update || parts_.exact_after;
    return whole_ && exact ? event_.full_document : bson::View{};
  }
  bson::View before() const { return whole_ ? event_.before : bson::View{}; }

  std::optional<bson::Value> field_before(const std::string& path) const {
    if (before()) return before().at_path(path);
    const bool untouched = event_.operation == Operation::update && after() && !event_.update.touches(path);
    return untouched ? std::optional(after().at_path(path)) : std::nullopt;
  }

  std::optional<bson::Value> field_after(const std::string& path) {
    if (after()) return after().at_path(path);
    if (event_.operation != Operation::update || !before()) return std::nullopt;
    auto value = value_after(event_, path, effects_.arena());
    unclear_ |= !value;
    return value;
  }

  TextTemplate::FieldOf fields_read(Side side) {
    return [this, side](const std::string& path) {
      return side == Side::before ? field_before(path) : field_after(path);
    };
  }

  /// Nothing if there is no document on that side, if it lacks a field, or if the key is not known.
  std::optional<std::string> key_of(const TextTemplate& one, Side side) {
    if (!stands(side)) return std::nullopt;
    std::string key;
    switch (one.fill(key, event_, fields_read(side))) {
      case TextTemplate::Filled::whole:
        return key;
      case TextTemplate::Filled::without_a_field:
        return std::nullopt;
      case TextTemplate::Filled::unknown:
        lacks();
        return std::nullopt;
    }
    return std::nullopt;
  }

  void lacks() {
    lack_ = !whole_ ? too_large_for_keys : unclear_ ? unclear_key : no_old_key;
    lack_code_ = !whole_ ? too_large_code : unclear_ ? unclear_update_code : no_pre_image_code;
  }

  void refresh(const TextTemplate& key) {
    if (auto now = key_of(key, Side::after)) {
      Message message;
      if (put_value(message)) {
        send(*std::move(now), CachePlan::set, message);
      } else {
        drop(*std::move(now));
      }
    }
    if (auto old = key_of(key, Side::before)) drop(*std::move(old));
  }

  /// Sets the value to store. False if the value is not known: then the key is deleted, since a missing key
  /// is correct and one with an old value is not.
  bool put_value(Message& message) {
    switch (parts_.kept) {
      case Kept::nothing:
        return false;
      case Kept::document:
        message.payload = after();
        return static_cast<bool>(message.payload);
      case Kept::event:
        message.payload = payload_of(event_, Payload::event, effects_.arena());
        return whole_;
      case Kept::text:
        break;
    }
    std::string text;
    if (parts_.value->fill(text, event_, fields_read(Side::after)) == TextTemplate::Filled::unknown)
      return false;
    message.text = effects_.arena().keep(std::string_view(text));
    return true;
  }

  void drop(std::string key) {
    if (std::ranges::find(sent_, key) == sent_.end()) send(std::move(key), CachePlan::drop, {});
  }

  /// Uses the hash of the Redis key, not of the document, because several documents may concern one key.
  void send(std::string key, std::string_view verb, Message message) {
    message.verb = verb;
    message.address = effects_.arena().keep(std::string_view(key));
    message.id = event_.token_data;
    effects_.add(Deliver{&parts_.plan, effects_.arena().keep(message)}, bson::stable_hash(key, 0));
    sent_.push_back(std::move(key));
  }

  const CacheParts& parts_;
  const ChangeEvent& event_;
  Effects& effects_;
  const bool whole_;
  bool unclear_ = false;
  const char* lack_ = nullptr;
  std::int32_t lack_code_ = 0;
  std::vector<std::string> sent_;
};

/// Deletes the keys of documents that change, or stores the documents' current state under their keys.
class CacheRule final : public Rule {
 public:
  CacheRule(std::string name, CacheParts parts) : Rule(std::move(name)), parts_(std::move(parts)) {}

  std::vector<Subscription> subscriptions() const override { return parts_.subscriptions; }
  std::vector<const DeliveryPlan*> deliveries() const override { return {&parts_.plan}; }
  /// After a collection was dropped the keys of its documents are not known. The stream goes on, and the log
  /// says that they have to be flushed.
  bool keeps_state() const override { return false; }
  std::string fingerprint() const override { return parts_.fingerprint; }

  void apply(const ChangeEvent& event, Effects& effects) const override {
    Keys(parts_, event, effects).make();
  }
  /// Keys made of the id alone are still known. The value to store is not, so they are deleted.
  void apply_key_only(const ChangeEvent& event, Effects& effects) const override {
    Keys(parts_, event, effects).make();
  }

 private:
  CacheParts parts_;
};

TextTemplate read_key(const Settings& settings, std::string_view key, const std::string& text) {
  TextTemplate made = TextTemplate::of(settings, key, text, {}, TextTemplate::Escape::verbatim);
  if (made.tells_of_the_change()) {
    settings.fail(
        key,
        "'" + text +
            "' would be a different key for each change: a key is made of {id}, {db}, {coll} and fields");
  }
  if (text.empty()) settings.fail(key, "a key cannot be empty");
  return made;
}

void read_refresh(const Settings& settings, CacheParts& parts) {
  const std::string key = settings.text("key");
  parts.refresh = read_key(settings, "key", key);
  if (parts.refresh->is_fixed()) {
    settings.fail("key", "'" + key + "' would be the key of every document; name one in it, such as {id}");
  }
  const std::string value = settings.text_or("value", "document");
  parts.kept = value == "document" ? Kept::document : value == "event" ? Kept::event : Kept::text;
  if (parts.kept == Kept::text) {
    parts.value = TextTemplate::of(settings, "value", value, {}, TextTemplate::Escape::verbatim);
    if (parts.value->is_fixed()) {
      settings.fail("value", "'" + value + "' must be document, event or a template with a {field}");
    }
  }
  const std::string format = read_format(settings, {"relaxed", "canonical", "bson"});
  parts.plan.format = format == "bson"        ? CachePlan::Format::bson
                      : format == "canonical" ? CachePlan::Format::canonical_json
                                              : CachePlan::Format::relaxed_json;
  constexpr long long most_seconds = 100LL * 366 * 86'400;
  parts.plan.ttl_ms = 1000 * settings.integer_or("ttl_s", 0, 0, most_seconds);
  settings.done();
  parts.fingerprint += " refresh " + key + " " + value + " " + format;
}

/// The fields that keys and values are made of, without duplicates.
std::vector<std::string> fields_read(const CacheParts& parts, bool keys_only) {
  std::vector<std::string> all;
  const auto add = [&](const TextTemplate& one) {
    for (std::string& path : one.fields()) {
      if (std::ranges::find(all, path) == all.end()) all.push_back(std::move(path));
    }
  };
  std::ranges::for_each(parts.drops, add);
  if (parts.refresh) add(*parts.refresh);
  if (parts.value && !keys_only) add(*parts.value);
  return all;
}

void check_sent(const Settings& settings, const Subscription& one, const std::string& path) {
  const auto holds = [&](const std::string& outer) { return (path + ".").starts_with(outer + "."); };
  const auto hides = [&](const std::string& hidden) { return overlap(hidden, path); };
  if (std::ranges::any_of(one.redacted, hides)) {
    settings.fail("redact", "a key or value of this rule is made of '" + path + "', which is redacted here");
  }
  if (!one.projected.empty() && std::ranges::none_of(one.projected, holds)) {
    settings.fail("project", "a key or value of this rule is made of '" + path + "', which is not sent");
  }
}

void ask_for_images(const Settings& settings, const CacheParts& parts, Subscription& one) {
  const bool of_fields = !fields_read(parts, true).empty();
  if (of_fields && !settings.has("before")) one.before = std::max(one.before, BeforeImage::when_available);
  if (of_fields && one.before == BeforeImage::off) {
    settings.fail(
        "before",
        "a key is made of a field: without the pre-image, the key of the field's old value would remain");
  }
  const bool of_document = parts.kept == Kept::document || parts.kept == Kept::text;
  if (of_document && !settings.has("full_document"))
    one.full_document = std::max(one.full_document, FullDocument::when_available);
  if (of_document && one.full_document < FullDocument::when_available) {
    settings.fail("full_document",
                  "'refresh' must store the document exactly as the change left it: only whenAvailable and "
                  "required provide that");
  }
}

/// Adds to the subscription what the rule's keys and values need: their fields, and the images.
void complete(const Settings& settings, const CacheParts& parts, Subscription& one) {
  for (const std::string& path : fields_read(parts, false)) {
    check_sent(settings, one, path);
    if (std::ranges::find(one.fields, path) == one.fields.end()) one.fields.push_back(path);
  }
  const bool of_all = parts.kept == Kept::document || parts.kept == Kept::event;
  if (of_all && !one.any_field) {
    settings.fail("fields",
                  "an update of another field would leave an outdated document in the cache; remove "
                  "'fields', or make 'value' a template of those fields");
  }
  ask_for_images(settings, parts, one);
}

}  // namespace

std::unique_ptr<Rule> make_cache(const RuleConfig& rule, const std::string& database) {
  const Settings& settings = rule.settings;
  CacheParts parts;
  parts.fingerprint = "cache " + database;
  if (settings.has("delete")) {
    for (const std::string& text : settings.one_or_more("delete")) {
      parts.drops.push_back(read_key(settings, "delete", text));
      parts.fingerprint += " delete " + text;
    }
  }
  if (settings.has("refresh")) read_refresh(settings.section("refresh"), parts);
  if (parts.drops.empty() && !parts.refresh) {
    settings.fail("", "a cache rule needs 'delete' (keys to drop) or 'refresh' (a key to keep)");
  }
  parts.subscriptions = read_selections(settings, read_from(rule, database));
  for (Subscription& one : parts.subscriptions) {
    complete(settings, parts, one);
    parts.exact_after = one.full_document >= FullDocument::when_available;
    parts.fingerprint += " " + one.collection;
  }
  return std::make_unique<CacheRule>(rule.name, std::move(parts));
}

}  // namespace sluice::rules
