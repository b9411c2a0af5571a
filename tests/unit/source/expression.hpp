#pragma once

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "sluice/bson.hpp"

namespace sluice::test {

/// As much of the server's expressions as a filter on names is made of, carried out here: so a table of names
/// can be tested without a server.
class Expression {
 public:
  using Texts = std::vector<std::string>;
  using Result = std::variant<std::monostate, bool, std::string, Texts>;

  explicit Expression(std::map<std::string, Result> variables) : variables_(std::move(variables)) {}

  Result of(const bson::Value& value) {
    if (value.is_array()) return texts(value.document());
    if (!value.is_document()) return text(std::string(value.text()));
    const auto element = *value.document().begin();
    const bson::View arguments = element.value.document();
    if (element.key == "$literal") return literal(element.value);
    if (element.key == "$let") return let(arguments);
    if (element.key == "$or" || element.key == "$and") return all_or_any(element.key == "$and", arguments);
    if (element.key == "$eq") return of(arguments.at("0")) == of(arguments.at("1"));
    if (element.key == "$in") return in(of(arguments.at("0")), of(arguments.at("1")));
    if (element.key == "$concat") return concat(arguments);
    if (element.key == "$split") return split(std::get<std::string>(of(arguments.at("0"))));
    if (element.key == "$arrayElemAt") return element_at(arguments);
    if (element.key == "$ifNull") {
      const Result first = of(arguments.at("0"));
      return first.index() == 0 ? of(arguments.at("1")) : first;
    }
    throw std::invalid_argument(std::string(element.key));
  }

 private:
  Result text(const std::string& text) const { return text.starts_with('$') ? variables_.at(text) : text; }

  static Result literal(const bson::Value& value) {
    return value.is_array() ? texts(value.document()) : Result(std::string(value.text()));
  }

  static Result texts(bson::View list) {
    Texts result;
    for (const auto& [index, value] : list) result.emplace_back(value.text());
    return result;
  }

  Result let(bson::View arguments) {
    for (const auto& [name, value] : arguments.at("vars").document())
      variables_["$$" + std::string(name)] = of(value);
    return of(arguments.at("in"));
  }

  Result all_or_any(bool all, bson::View arguments) {
    for (const auto& [index, value] : arguments) {
      if (std::get<bool>(of(value)) != all) return !all;
    }
    return all;
  }

  static Result in(const Result& needle, const Result& list) {
    return std::ranges::find(std::get<Texts>(list), std::get<std::string>(needle)) !=
           std::get<Texts>(list).end();
  }

  Result concat(bson::View arguments) {
    std::string result;
    for (const auto& [index, value] : arguments) result += std::get<std::string>(of(value));
    return result;
  }

  static Result split(std::string text) {
    Texts parts;
    for (auto dot = text.find('.'); dot != std::string::npos; dot = text.find('.')) {
      parts.push_back(text.substr(0, dot));
      text.erase(0, dot + 1);
    }
    parts.push_back(text);
    return parts;
  }

  Result element_at(bson::View arguments) {
    const Texts list = std::get<Texts>(of(arguments.at("0")));
    const auto index = static_cast<std::size_t>(arguments.at("1").integer().value());
    return index < list.size() ? Result(list[index]) : Result{};
  }

  std::map<std::string, Result> variables_;
};

}  // namespace sluice::test
