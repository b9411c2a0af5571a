#include "language/values/constants.hpp"

#include "bson/json_writer.hpp"
#include "language/error.hpp"
#include "text/utf8.hpp"

namespace sluice::language {

std::string json_of(const bson::Value& value) {
  const bool plain = value.type() == BSON_TYPE_INT32 || value.type() == BSON_TYPE_DOUBLE;
  std::string json;
  const auto style = plain ? bson::JsonStyle::relaxed : bson::JsonStyle::canonical;
  const auto failure = bson::append_json(json, value, {style, bson::JsonBytes::kept});
  if (failure != bson::JsonFailure::none) throw LanguageError(bson::reason_of(failure));
  if (!text::is_utf8(json)) throw LanguageError("a value contains text that is not valid UTF-8");
  return json;
}

Term constant_term(const bson::Value& value) {
  switch (value.type()) {
    case BSON_TYPE_NULL:
      return null_term();
    case BSON_TYPE_BOOL:
      return boolean_term(value.boolean());
    case BSON_TYPE_INT32:
    case BSON_TYPE_INT64:
    case BSON_TYPE_DOUBLE:
    case BSON_TYPE_DECIMAL128:
      return number_term(json_of(value));
    case BSON_TYPE_UTF8:
      json_of(value);  // throws if the text is invalid
      return text_term(value.text());
    case BSON_TYPE_DATE_TIME:
      return date_term(value.date_ms());
    default:
      return {call("$literal", json_of(value)), Type::any, Form::constant};
  }
}

}  // namespace sluice::language
