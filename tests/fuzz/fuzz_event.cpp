#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "made_document.hpp"
#include "rules/registry.hpp"
#include "sluice/event.hpp"
#include "source/event_assembler.hpp"

namespace {

using namespace sluice;

std::vector<std::unique_ptr<Rule>> make_rules() {
  const auto rule = [](const char* name, const char* kind, const char* yaml) {
    return RuleConfig{name, kind, Settings::parse(yaml)};
  };
  return rules::make_rules(
      {"main",
       "mongodb://nowhere",
       "d",
       {rule("copies", "embed",
             "{from: users, on_delete: unset, into: [{collection: articles, reference: authorId, set: "
             "{username: "
             "author, meta.tags: tags}}, {collection: articles, reference: 'members[].a', set: {username: "
             "'members[].b'}}]}"),
        rule("count", "count", "{from: favorites, reference: articleId, into: articles, field: n}"),
        rule("nested", "count", "{from: favorites, reference: meta.a, into: articles, field: n}"),
        rule("tags", "tally", "{from: articles, field: tagList, into: tags, count: n}"),
        rule("told", "publish",
             "{from: users, subject: 'x.{id}.{a.b}.{coll}', message_id: 'told-{id}', format: cloudevents, "
             "payload: document}"),
        rule("nested-tags", "tally", "{from: articles, field: meta.tags, into: tags, count: n}")}});
}

/// A subject that the server would take for something else, or a header that ends where it should not, would
/// break the connection for all other messages too.
void look_at(const Message& message) {
  for (const char c : message.address) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '*' || c == '>') __builtin_trap();
  }
  if (message.address.find("..") != std::string_view::npos || message.address.ends_with('.'))
    __builtin_trap();
  for (const char c : message.id) {
    if (static_cast<unsigned char>(c) < ' ') __builtin_trap();
  }
}

/// Whatever a rule makes of an event must hold together: identities and hashes are what lanes go by.
void look_at(const Effect& effect) {
  if (const auto* publish = std::get_if<Deliver>(&effect.body)) look_at(*publish->message);
  if (const auto* increment = std::get_if<Increment>(&effect.body)) {
    const bson::Identity identity(increment->id);
    if (!(identity == bson::Identity(increment->id))) __builtin_trap();
    identity.hash(effect.key);
  }
}

/// What was built here holds together all the way down. (libbson's validation wants names to be UTF-8 as
/// well, which the server does not.)
bool well_formed(bson::View document) {
  bson_iter_t iter;
  if (!bson_iter_init_from_data(&iter, document.data(), document.size())) return false;
  while (bson_iter_next(&iter)) {
    if (!BSON_ITER_HOLDS_DOCUMENT(&iter) && !BSON_ITER_HOLDS_ARRAY(&iter)) continue;
    const std::uint8_t* data = nullptr;
    std::uint32_t size = 0;
    bson_iter_type(&iter) == BSON_TYPE_ARRAY ? bson_iter_array(&iter, &size, &data)
                                             : bson_iter_document(&iter, &size, &data);
    if (!well_formed({data, size})) return false;
  }
  return iter.err_off == 0;
}

void drive(bson::View document) {
  static const auto rules = make_rules();
  ChangeEvent event;
  if (!parse_event(document, event)) return;
  Arena arena;
  for (const char* path : {"a", "tagList", "meta.tags", "a.b.0", "members[].a", "0"})
    event.update.touches(path);
  for (const char* path : {"a", "a.b", "0", "meta.tags"}) {
    const auto value = value_after(event, path, arena);
    if (!value || !*value) continue;
    bson::Builder out;
    out.append("v", *value);
    if (!well_formed(out.finish())) __builtin_trap();
  }
  std::vector<Effect> effects;
  Effects out(effects, arena);
  for (const auto& rule : rules) {
    rule->apply(event, out);
    rule->apply_key_only(event, out);
  }
  for (const Effect& effect : effects) look_at(effect);
  source::EventAssembler assembler;
  for (int again = 0; again < 2; ++again) {
    if (assembler.take(document) == source::EventAssembler::Took::last) assembler.event();
  }
  document.json();
}

}  // namespace

/// Bytes as they may come, and documents made of them. The views trust that what they look into is BSON, as a
/// server's answers are: so bytes that do not pass libbson's validation go no further.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bson_t bson;
  if (bson_init_static(&bson, data, size) && bson_validate(&bson, BSON_VALIDATE_NONE, nullptr)) {
    drive(bson::View(bson));
  }
  fuzz::MadeDocument made(data, size);
  drive(made.event());
  return 0;
}
