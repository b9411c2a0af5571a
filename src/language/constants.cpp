#include "language/constants.hpp"

#include "bson/builder.hpp"
#include "bson/json_writer.hpp"
#include "language/error.hpp"

namespace sluice::language {

std::string json_of(const bson::Value& value) {
  const bool plain = value.type() == BSON_TYPE_INT32 || value.type() == BSON_TYPE_DOUBLE;
  bson::Builder alone;
  std::string json;
  const bson::View document = alone.append("v", value).finish();
  if (!bson::append_json(json, document, plain ? bson::JsonStyle::relaxed : bson::JsonStyle::canonical)) {
    throw LanguageError("a value is not UTF-8, or nests too deeply");
  }
  constexpr std::string_view before = "{ \"v\" : ";
  constexpr std::string_view behind = " }";
  return json.substr(before.size(), json.size() - before.size() - behind.size());
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
      json_of(value);  // for its errors
      return text_term(value.text());
    case BSON_TYPE_DATE_TIME:
      return date_term(value.date_ms());
    default:
      return {call("$literal", json_of(value)), Type::any, Form::constant};
  }
}

}  // namespace sluice::language
