#include "workbench/document.hpp"

#include <cmath>
#include <stdexcept>
#include <utility>

namespace workbench {
namespace {

bson_t* parse(std::string_view json) {
  bson_error_t error;
  bson_t* bson = bson_new_from_json(reinterpret_cast<const std::uint8_t*>(json.data()),
                                    static_cast<ssize_t>(json.size()), &error);
  if (bson == nullptr) throw std::invalid_argument(std::string(error.message) + " in " + std::string(json));
  return bson;
}

bool find(const bson_t* bson, const std::string& path, bson_iter_t& found) {
  bson_iter_t iter;
  return bson_iter_init(&iter, bson) && bson_iter_find_descendant(&iter, path.c_str(), &found);
}

std::string taken(char* text) {
  std::string copy(text);
  bson_free(text);
  return copy;
}

}  // namespace

Document::Document() : bson_(bson_new()) {}
Document::Document(const char* json) : bson_(parse(json)) {}
Document::Document(const std::string& json) : bson_(parse(json)) {}
Document::Document(const bson_t& source) : bson_(bson_copy(&source)) {}
Document::Document(const Document& other) : bson_(bson_copy(other.bson_)) {}
Document::Document(Document&& other) noexcept : bson_(std::exchange(other.bson_, nullptr)) {}

Document& Document::operator=(Document other) noexcept {
  std::swap(bson_, other.bson_);
  return *this;
}

Document::~Document() {
  bson_destroy(bson_);
}

bool Document::has(const std::string& path) const {
  bson_iter_t found;
  return find(bson_, path, found);
}

std::int64_t Document::integer(const std::string& path, std::int64_t fallback) const {
  bson_iter_t found;
  if (!find(bson_, path, found) || !BSON_ITER_HOLDS_NUMBER(&found)) return fallback;
  return bson_iter_as_int64(&found);
}

std::string Document::text(const std::string& path, const std::string& fallback) const {
  bson_iter_t found;
  if (!find(bson_, path, found) || !BSON_ITER_HOLDS_UTF8(&found)) return fallback;
  std::uint32_t length = 0;
  const char* text = bson_iter_utf8(&found, &length);
  return {text, length};
}

bool Document::boolean(const std::string& path) const {
  bson_iter_t found;
  return find(bson_, path, found) && bson_iter_as_bool(&found);
}

std::uint64_t Document::timestamp(const std::string& path) const {
  bson_iter_t found;
  if (!find(bson_, path, found) || !BSON_ITER_HOLDS_TIMESTAMP(&found)) return 0;
  std::uint32_t seconds = 0;
  std::uint32_t increment = 0;
  bson_iter_timestamp(&found, &seconds, &increment);
  return static_cast<std::uint64_t>(seconds) << 32U | increment;
}

Document Document::child(const std::string& path) const {
  bson_iter_t found;
  if (!find(bson_, path, found)) return {};
  const std::uint8_t* data = nullptr;
  std::uint32_t size = 0;
  if (BSON_ITER_HOLDS_DOCUMENT(&found)) bson_iter_document(&found, &size, &data);
  if (BSON_ITER_HOLDS_ARRAY(&found)) bson_iter_array(&found, &size, &data);
  bson_t view;
  if (data == nullptr || !bson_init_static(&view, data, size)) return {};
  return Document(view);
}

std::string Document::value(const std::string& path) const {
  bson_iter_t found;
  if (!find(bson_, path, found)) return "";
  Document alone;
  bson_append_iter(alone.bson_, "v", 1, &found);
  const std::string wrapped = taken(bson_as_canonical_extended_json(alone.bson_, nullptr));
  // { "v" : <value> }
  const auto from = wrapped.find(':') + 2;
  return wrapped.substr(from, wrapped.size() - from - 2);
}

std::string Document::key(const std::string& path) const {
  bson_iter_t found;
  if (!find(bson_, path, found)) return "";
  Document alone;
  bson_append_iter(alone.bson_, "", 0, &found);
  return {reinterpret_cast<const char*>(bson_get_data(alone.bson_)) + 4, alone.bson_->len - 5};
}

std::string Document::json() const {
  return taken(bson_as_relaxed_extended_json(bson_, nullptr));
}

std::string Document::compact_json() const {
  return without_blanks(json());
}

std::string without_blanks(std::string_view json) {
  std::string out;
  bool in_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (json[i] == ' ' && !in_text) continue;
    out += json[i];
    if (in_text && json[i] == '\\') {
      out += json[++i];
    } else if (json[i] == '"') {
      in_text = !in_text;
    }
  }
  return out;
}

std::string quoted(std::string_view text) {
  Document alone;
  bson_append_utf8(alone.get(), "v", 1, text.data(), static_cast<int>(text.size()));
  return alone.value("v");
}

}  // namespace workbench
