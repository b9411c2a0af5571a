#include "language/conditions.hpp"

#include <string>
#include <string_view>

#include "bson/path.hpp"
#include "language/condition_operators.hpp"
#include "language/raw.hpp"
#include "language/values/constants.hpp"
#include "language/values/operators.hpp"

namespace sluice::language {

namespace {

constexpr int max_nested = 50;
constexpr std::string_view before_change = "before.";

class Conditions {
 public:
  explicit Conditions(Reads& reads) : reads_(reads) {}

  Term all_of(bson::View map, int depth) {
    if (depth > max_nested) throw LanguageError("conditions are nested too deeply");
    std::vector<Term> terms;
    for (const auto& [key, value] : map) terms.push_back(entry(key, value, depth));
    if (terms.empty()) throw LanguageError("a map of conditions is empty; add at least one");
    return both(terms);
  }

 private:
  Term entry(std::string_view key, const bson::Value& value, int depth) {
    if (key == "all") return both(each(key, value, depth));
    if (key == "any") return either(each(key, value, depth));
    if (key == "expr") return {raw_expression(value, reads_)};
    if (key != "not") return field(key, value);
    if (!value.is_document()) throw LanguageError("'not' must be a map of conditions");
    return negation(all_of(value.document(), depth + 1));
  }

  std::vector<Term> each(std::string_view key, const bson::Value& list, int depth) {
    const std::string wrong = "'" + std::string(key) + "' must be a list of maps of conditions";
    if (!list.is_array() || list.document().empty()) throw LanguageError(wrong);
    std::vector<Term> terms;
    for (const auto& element : list.document()) {
      if (!element.value.is_document()) throw LanguageError(wrong);
      terms.push_back(all_of(element.value.document(), depth + 1));
    }
    return terms;
  }

  Term field(std::string_view path, const bson::Value& value) {
    const ConditionField about = field_of(path);
    if (value.is_array()) about.fail("a list is ambiguous; write {in: [..]} or {eq: [..]}");
    if (!value.is_document()) return equal(about.value(), constant_term(value));
    std::vector<Term> terms;
    for (const auto& [name, operand] : value.document()) terms.push_back(condition(about, name, operand));
    if (terms.empty()) about.fail("a map of operators is empty; for an empty map write {eq: {}}");
    return both(terms);
  }

  ConditionField field_of(std::string_view path) {
    ConditionField about{std::string(path), {}, Image::after, &reads_};
    if (path.starts_with(before_change)) {
      about.image = Image::before;
      path.remove_prefix(before_change.size());
    }
    for (const std::string_view name : bson::split_path(path, most_path_names + 1)) {
      if (name.empty()) about.fail("a name in a path must not be empty");
      about.names.emplace_back(name);
    }
    if (about.names.empty()) about.fail("a name in a path must not be empty");
    return about;
  }

  Reads& reads_;
};

}  // namespace

Compiled compile_conditions(bson::View conditions) {
  Reads reads;
  const Term term = Conditions(reads).all_of(conditions, 1);
  return finished(term, reads);
}

}  // namespace sluice::language
