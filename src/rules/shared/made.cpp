#include "rules/shared/made.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "bson/raii.hpp"
#include "bson/text.hpp"
#include "language/conditions.hpp"
#include "language/error.hpp"
#include "language/expression.hpp"
#include "language/values/own_id.hpp"
#include "language/values/values.hpp"
#include "rules/shared/joined_texts.hpp"
#include "text/hex.hpp"

namespace sluice::rules {

namespace {

/// Compiles a setting: a map with `of_data`, anything else as text with `of_text`.
template <typename OfText, typename OfData>
language::Compiled compile(const Settings& settings, std::string_view key, OfText of_text, OfData of_data) {
  const std::vector<std::uint8_t> bytes = bson_of(settings, key, "v", settings.json(key));
  const bson::Value stated = bson::View(bytes.data(), bytes.size()).at("v");
  try {
    if (stated.is_document()) return of_data(stated.document());
    if (stated.type() == BSON_TYPE_UTF8) return of_text(stated.text());
    return of_text(settings.scalar(key, "an expression or a map"));
  } catch (const language::LanguageError& error) {
    settings.fail(key, "'" + std::string(key) + "': " + error.what());
  }
}

language::Compiled expression_of(std::string_view text) {
  return language::compile_expression(text);
}

}  // namespace

std::vector<std::uint8_t> bson_of(const Settings& settings, std::string_view key, const std::string& name,
                                  const std::string& json) {
  const std::string whole = "{\"" + name + "\": " + json + "}";
  bson::Document parsed;
  bson_error_t error{};
  if (!bson_init_from_json(parsed.out(), whole.data(), static_cast<ssize_t>(whole.size()), &error)) {
    bson_init(parsed.get());  // on failure it is not initialised
    settings.fail(key, "'" + std::string(key) + "' cannot be read as (Extended) JSON: " + error.message);
  }
  const bson::View view(*parsed.get());
  return {view.data(), view.data() + view.size()};
}

void refuse_constant(const Settings& settings, std::string_view key, std::string_view wanted) {
  const std::vector<std::uint8_t> bytes = bson_of(settings, key, "v", settings.json(key));
  const bson::Value stated = bson::View(bytes.data(), bytes.size()).at("v");
  const bool constant = stated.type() == BSON_TYPE_BOOL || stated.type() == BSON_TYPE_INT32 ||
                        stated.type() == BSON_TYPE_INT64 || stated.type() == BSON_TYPE_DOUBLE;
  if (!constant) return;
  settings.fail(
      key, "'" + std::string(key) + "' must be " + std::string(wanted) + ", not " + bson::text_of(stated));
}

language::Compiled read_condition(const Settings& settings, std::string_view key) {
  refuse_constant(settings, key, "a condition, such as NEW.status = 'open' or {status: open}");
  return compile(settings, key, expression_of, language::compile_conditions);
}

void ask_for_images(const Settings& settings, const language::Compiled& compiled, Subscription& out) {
  const bool after = !compiled.after.empty() && out.updates && !settings.has("full_document");
  const bool before =
      !compiled.before.empty() && (out.updates || out.replaces || out.deletes) && !settings.has("before");
  if (after) out.full_document = FullDocument::required;
  if (before) out.before = BeforeImage::required;
}

// A hash of the rule's name, because that may contain dots and the name of a field here may not.
Made::Made(const std::string& rule) : name_("r" + text::hex(bson::stable_hash(rule, 0))) {}

void Made::add(const Settings& settings, std::string_view key, const std::string& part) {
  parts_.emplace_back(part, compile(settings, key, expression_of, language::compile_values));
}

bson::Value Made::value(const ChangeEvent& event, std::string_view part, Arena& arena) const {
  const bson::Value made = event.made.at(name_).document().at(part);
  const auto found = std::ranges::find(parts_, part, &std::pair<std::string, language::Compiled>::first);
  if (!made || found == parts_.end() || found->second.texts.empty()) return made;
  return with_texts_joined(made, found->second.texts, arena);
}

bool Made::is_whole(const std::string& part) const {
  const auto found = std::ranges::find(parts_, part, &std::pair<std::string, language::Compiled>::first);
  if (found == parts_.end()) return false;
  const std::array<const char*, 4> whole{"NEW", "OLD", "coalesce(NEW, OLD)", "coalesce(OLD, NEW)"};
  return std::ranges::any_of(
      whole, [&](const char* text) { return language::compile_expression(text).json == found->second.json; });
}

bool Made::needs_after(const std::string& part) const {
  return std::ranges::any_of(parts_, [&](const auto& one) {
    return one.first == part && !one.second.after.empty() && one.second.before.empty();
  });
}

bool is_shared(const Settings& settings, std::string_view key) {
  if (!settings.has(key)) return false;
  const std::vector<std::uint8_t> bytes = bson_of(settings, key, "v", settings.json(key));
  const bson::Value stated = bson::View(bytes.data(), bytes.size()).at("v");
  return stated.type() != BSON_TYPE_UTF8 || !language::names_the_document(stated.text());
}

const char* orders_documents(const Settings& settings, const char* key) {
  const bool ordered = settings.choice("order", {"changes", "document"}, "changes") == "changes";
  return ordered && is_shared(settings, key) ? key : nullptr;
}

void check_order(const Settings& settings, const Made& made, const std::vector<Subscription>& subscriptions) {
  if (std::ranges::none_of(subscriptions, &Subscription::deletes) || !made.needs_after("order")) return;
  settings.fail("order_by",
                "a delete has no NEW, so it would overtake earlier changes; use both, such as "
                "coalesce(NEW.user, OLD.user), or list the 'operations' without delete");
}

void Made::ask_for(const Settings& settings, std::vector<Subscription>& subscriptions) const {
  if (parts_.empty()) return;
  std::string json = "{";
  for (const auto& [part, compiled] : parts_) {
    if (json.size() > 1) json += ", ";
    json += "\"" + part + "\": " + compiled.json;
  }
  for (Subscription& one : subscriptions) {
    one.made = bson_of(settings, "", "made", json + "}");
    one.made_name = name_;
    for (const auto& [part, compiled] : parts_) ask_for_images(settings, compiled, one);
  }
}

bson::Value id_of_event(const ChangeEvent& event, const std::string& rule, Arena& arena) {
  const auto seconds = static_cast<std::uint32_t>(event.cluster_time >> 32);
  const std::uint64_t hash = bson::stable_hash(event.token_data, bson::stable_hash(rule, 0));
  std::array<std::uint8_t, 12> id{};
  for (std::size_t i = 0; i < 4; ++i) id[i] = static_cast<std::uint8_t>(seconds >> (24 - 8 * i));
  for (std::size_t i = 0; i < 8; ++i) id[4 + i] = static_cast<std::uint8_t>(hash >> (56 - 8 * i));
  return {BSON_TYPE_OID, arena.keep(std::span<const std::uint8_t>(id))};
}

}  // namespace sluice::rules
