#include "json.hpp"

#include <cmath>
#include <exception>

#include "http_service.hpp"

namespace sensors {
namespace {

using workbench::Document;

bool find(const Document& document, const std::string& path, bson_iter_t& found) {
  bson_iter_t iter;
  return bson_iter_init(&iter, document.get()) && bson_iter_find_descendant(&iter, path.c_str(), &found);
}

std::int64_t ms_of(const Document& document, const char* name) {
  bson_iter_t found;
  if (!find(document, name, found) || !BSON_ITER_HOLDS_DATE_TIME(&found)) return 0;
  return bson_iter_date_time(&found);
}

}  // namespace

Document parsed(const std::string& body) {
  try {
    return Document(body);
  } catch (const std::exception&) {
    throw BadRequest("the body is no JSON object");
  }
}

std::optional<double> number_at(const Document& document, const std::string& path) {
  bson_iter_t found;
  if (!find(document, path, found) || !BSON_ITER_HOLDS_NUMBER(&found)) return std::nullopt;
  const double number = bson_iter_as_double(&found);
  if (!std::isfinite(number)) return std::nullopt;
  return number;
}

std::optional<std::int64_t> time_at(const Document& document, const std::string& path) {
  bson_iter_t found;
  if (!find(document, path, found)) return std::nullopt;
  if (BSON_ITER_HOLDS_INT(&found)) return bson_iter_as_int64(&found);
  if (!BSON_ITER_HOLDS_UTF8(&found)) return std::nullopt;
  try {
    return ms_of(Document("{\"time\":{\"$date\":" + workbench::quoted(document.text(path)) + "}}"), "time");
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

std::string date_json(std::int64_t ms) {
  return R"({"$date":{"$numberLong":")" + std::to_string(ms) + "\"}}";
}

}  // namespace sensors
