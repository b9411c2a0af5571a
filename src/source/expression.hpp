#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "sluice/bson_builder.hpp"

namespace sluice::source {

/// A piece of an aggregation pipeline. It is composed first and written later, so that the code reads in the
/// order of the pipeline. Used only at start-up: it is not fast.
class Expression {
 public:
  using Write = std::function<void(bson::Builder& out, std::string_view key)>;

  Expression(const char* text) : Expression(std::string(text)) {}
  Expression(std::string text)
      : write_([text = std::move(text)](bson::Builder& out, std::string_view key) {
          out.append(key, std::string_view(text));
        }) {}
  Expression(std::int32_t number)
      : write_([number](bson::Builder& out, std::string_view key) { out.append(key, number); }) {}
  /// `value` is not copied: it must stay valid until this is written.
  explicit Expression(bson::Value value)
      : write_([value](bson::Builder& out, std::string_view key) { out.append(key, value); }) {}
  explicit Expression(Write write) : write_(std::move(write)) {}

  void append(bson::Builder& out, std::string_view key) const { write_(out, key); }

 private:
  Write write_;
};

using Members = std::vector<std::pair<std::string, Expression>>;
using Items = std::vector<Expression>;

inline Expression object(Members members) {
  return Expression([members = std::move(members)](bson::Builder& out, std::string_view key) {
    out.open(key);
    for (const auto& [name, value] : members) value.append(out, name);
    out.close();
  });
}

inline Expression array(Items items) {
  return Expression([items = std::move(items)](bson::Builder& out, std::string_view key) {
    out.open_array(key);
    for (const Expression& item : items) item.append(out, out.item());
    out.close();
  });
}

/// {name: argument}
inline Expression call(const std::string& name, Expression argument) {
  return object({{name, std::move(argument)}});
}

/// {name: [arguments]}
inline Expression call(const std::string& name, Items arguments) {
  return call(name, array(std::move(arguments)));
}

inline Expression texts(const std::vector<std::string>& all) {
  return array(Items(all.begin(), all.end()));
}

inline Expression literal(Expression value) {
  return call("$literal", std::move(value));
}

inline Expression if_else(Expression condition, Expression then, Expression otherwise) {
  return call("$cond", Items{std::move(condition), std::move(then), std::move(otherwise)});
}

/// Whether `value` has the type `type`, in the server's type names.
inline Expression has_type(Expression value, const char* type) {
  return call("$eq", Items{call("$type", std::move(value)), type});
}

/// Whether an event is a change of a document.
inline Expression is_document_change() {
  return call("$in", Items{"$operationType", literal(texts({"insert", "update", "replace", "delete"}))});
}

inline void append_stage(bson::Builder& pipeline, const std::string& name, const Expression& argument) {
  call(name, argument).append(pipeline, pipeline.item());
}

}  // namespace sluice::source
