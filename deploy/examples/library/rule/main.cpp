// A worker with a rule of its own, `keywords`: it keeps the distinct words of a text field in a collection
// beside the documents, where an index finds them.
#include <sluice/bson_builder.hpp>
#include <sluice/program.hpp>

#include <set>
#include <string>

namespace {

using sluice::DocumentPlan;

/// Words of ASCII letters and digits, in lower case. Other bytes belong to words as they are.
std::set<std::string> words_of(std::string_view text, std::int64_t shortest) {
  std::set<std::string> words;
  std::string word;
  const auto end_word = [&] {
    if (static_cast<std::int64_t>(word.size()) >= shortest) words.insert(word);
    word.clear();
  };
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || std::isalnum(byte) != 0) {
      word += static_cast<char>(byte < 0x80 ? std::tolower(byte) : byte);
    } else {
      end_word();
    }
  }
  end_word();
  return words;
}

class KeywordsRule final : public sluice::Rule {
 public:
  explicit KeywordsRule(const sluice::RuleContext& context)
      : Rule(context.name),
        subscriptions_(context.subscriptions),
        text_(context.settings.text("text")),
        shortest_(context.settings.integer("shortest")),
        write_{.database = context.database,
               .collection = context.settings.text("into"),
               .mode = DocumentPlan::Mode::upsert},
        remove_{.database = context.database,
                .collection = context.settings.text("into"),
                .mode = DocumentPlan::Mode::remove},
        seed_(sluice::bson::stable_hash(context.database + "." + write_.collection, 0)) {
    if (text_.find('.') != std::string::npos)
      context.settings.fail("text", "'text' must be a field at the top of the document");
  }

  std::vector<sluice::Subscription> subscriptions() const override { return subscriptions_; }
  std::vector<const DocumentPlan*> documents() const override { return {&write_, &remove_}; }
  // Documents that exist before the first start come as events of their own, Operation::snapshot.
  bool has_snapshots() const override { return true; }
  bool begins_with_snapshot() const override { return true; }
  // The words follow from each document alone: after the collection was dropped, the rule just goes on.
  bool keeps_state() const override { return false; }
  std::string fingerprint() const override {
    return "keywords " + text_ + " " + std::to_string(shortest_) + " " + write_.collection;
  }

  void apply(const sluice::ChangeEvent& event, sluice::Effects& effects) const override {
    // Effects with one key are carried out in the order of their events: here, all on one target document.
    const std::uint64_t key = sluice::bson::Identity(event.id).hash(seed_);
    if (event.operation == sluice::Operation::remove) {
      effects.add(sluice::Put{&remove_, event.id, {}}, key);
      return;
    }
    const bool update = event.operation == sluice::Operation::update;
    if (update && !event.update.touches(text_)) return;
    const sluice::bson::Value text = update ? event.update.updated.at(text_) : event.full_document.at(text_);
    sluice::bson::Builder values;
    values.open_array("words");
    for (const std::string& word : words_of(text.text(), shortest_)) values.append(values.item(), word);
    values.close();
    // Effects point into memory that lives as long as the event: the arena keeps a copy there.
    effects.add(sluice::Put{&write_, event.id, effects.arena().keep_document(values.finish())}, key);
  }

 private:
  std::vector<sluice::Subscription> subscriptions_;
  std::string text_;
  std::int64_t shortest_;
  DocumentPlan write_;
  DocumentPlan remove_;
  std::uint64_t seed_;
};

}  // namespace

int main(int argc, char** argv) {
  using sluice::SettingType;
  sluice::Extensions extensions;
  extensions.add_rule(
      "keywords",
      {.summary = "Keeps the distinct words of a text field in another collection.",
       .settings = {{.name = "text", .help = "The field, at the top of the document."},
                    {.name = "into", .help = "The collection of {_id, words} documents."},
                    {.name = "shortest",
                     .type = SettingType::integer,
                     .help = "Shorter words are left out.",
                     .fallback = "2",
                     .least = 1,
                     .most = 100}},
       .make = [](const sluice::RuleContext& context) { return std::make_unique<KeywordsRule>(context); }});
  return sluice::run_program(argc, argv, std::move(extensions));
}
