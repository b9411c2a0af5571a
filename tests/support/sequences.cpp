#include "support/sequences.hpp"

namespace sluice::test {

using workbench::Document;

void SequenceCheck::note(std::size_t& count, const std::string& what) {
  if (count++ == 0 && result_.first_wrong.empty()) result_.first_wrong = what;
}

void SequenceCheck::add(const Document& event, const std::string& id) {
  ++result_.messages;
  if (!event.has("documentKey")) return;  // not sent by a worker
  const std::string update = "updateDescription.updatedFields.n";
  const std::int64_t n = event.has(update) ? event.integer(update) : event.integer("fullDocument.n", -1);
  const std::string document = event.value("documentKey._id");
  auto& numbers = seen_[document];
  if (const auto found = numbers.find(n); found != numbers.end()) {
    ++result_.repeated;
    if (found->second != id) note(result_.other_ids, document + ": " + std::to_string(n) + " as " + id);
    return;
  }
  if (!numbers.empty() && n < numbers.rbegin()->first) {
    note(result_.out_of_order,
         document + ": " + std::to_string(n) + " behind " + std::to_string(numbers.rbegin()->first));
  }
  numbers.emplace(n, id);
}

Sequences SequenceCheck::finish(workbench::Mongo& db) {
  db.scan("items", {}, {}, [&](const Document& item) {
    const auto& numbers = seen_[item.value("_id")];
    for (std::int64_t n = 0; n <= item.integer("n"); ++n) {
      if (!numbers.contains(n))
        note(result_.lost, item.value("_id") + ": " + std::to_string(n) + " is missing");
    }
  });
  return result_;
}

}  // namespace sluice::test
