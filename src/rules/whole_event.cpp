#include "rules/whole_event.hpp"

#include "bson/builder.hpp"

namespace sluice::rules {

bson::View whole_event(const ChangeEvent& event, Scratch& scratch) {
  if (!event.marked) return event.document;
  bson::Builder copy;
  for (const auto& [name, value] : event.document) {
    if (!name.starts_with("sluice")) copy.append(name, value);
  }
  const bson::View made = copy.finish();
  const auto kept = scratch.keep({made.data(), made.size()});
  return {kept.data(), kept.size()};
}

}  // namespace sluice::rules
