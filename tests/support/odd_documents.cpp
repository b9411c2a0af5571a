#include "support/odd_documents.hpp"

#include <algorithm>

namespace sluice::test {

using workbench::Document;
using workbench::Mongo;

namespace {

void append_v(bson_t* out, const std::string& name, const Document& from) {
  bson_iter_t found;
  if (!bson_iter_init_find(&found, from.get(), "v")) return;
  bson_append_iter(out, name.data(), static_cast<int>(name.size()), &found);
}

std::string bytes_of(const bson_t* document) {
  return {reinterpret_cast<const char*>(bson_get_data(document)), document->len};
}

/// The command {verb: collection, list: [element]}, without the driver's checks.
Document command_of(const char* verb, const std::string& collection, const char* list,
                    const Document& element) {
  Document command;
  bson_t array;
  BSON_APPEND_UTF8(command.get(), verb, collection.c_str());
  bson_append_array_begin(command.get(), list, -1, &array);
  bson_append_document(&array, "0", 1, element.get());
  bson_append_array_end(command.get(), &array);
  return command;
}

bool accepted(Mongo& db, const Document& command) {
  try {
    const Document reply = db.command(command);
    return reply.integer("n") == 1;
  } catch (const workbench::MongoError&) {
    return false;
  }
}

/// {q: {_id: {$eq: id}}}
Document query_of(const Document& id) {
  Document query;
  bson_t q;
  bson_t equals;
  bson_append_document_begin(query.get(), "q", -1, &q);
  bson_append_document_begin(&q, "_id", -1, &equals);
  append_v(&equals, "$eq", id);
  bson_append_document_end(&q, &equals);
  bson_append_document_end(query.get(), &q);
  return query;
}

Document text_value(const std::string& bytes) {
  Document made;
  bson_append_utf8(made.get(), "v", 1, bytes.data(), static_cast<int>(bytes.size()));
  return made;
}

constexpr const char* scalars[] = {
    "null",
    "1",
    "-1",
    R"({"$numberLong":"4611686018427387905"})",
    "1.5",
    R"({"$numberDouble":"NaN"})",
    R"({"$numberDouble":"-0.0"})",
    R"({"$numberDouble":"-Infinity"})",
    R"({"$numberDecimal":"NaN"})",
    R"({"$numberDecimal":"1E-6176"})",
    "true",
    "false",
    R"("")",
    R"("text")",
    R"("$text")",
    R"("a.b")",
    R"("line\nand \u0000 NUL")",
    R"({"$oid":"650000000000000000000001"})",
    R"({"$minKey":1})",
    R"({"$maxKey":1})",
    R"({"$date":{"$numberLong":"-62135596800001"}})",
    R"({"$date":{"$numberLong":"9223372036854775807"}})",
    R"({"$timestamp":{"t":0,"i":0}})",
    R"({"$timestamp":{"t":4294967295,"i":4294967295}})",
    R"({"$binary":{"base64":"AAAA","subType":"00"}})",
    R"({"$binary":{"base64":"AAAAAAAAAAAAAAAAAAAAAA==","subType":"04"}})",
    R"({"$regularExpression":{"pattern":"^a","options":"i"}})",
    R"({"$code":"f"})",
    R"({"$code":"f","$scope":{"$x":1}})",
    R"({"$symbol":"s"})",
    R"({"$undefined":true})",
    R"({"$dbPointer":{"$ref":"a.b","$id":{"$oid":"650000000000000000000001"}}})"};

constexpr const char* containers[] = {"{}",
                                      "[]",
                                      "[1]",
                                      "[[1]]",
                                      "[null]",
                                      R"([{"$x":1}])",
                                      R"({"$x":1})",
                                      R"({"$in":[1]})",
                                      R"({"$eq":1})",
                                      R"({"a":{"$x":1}})",
                                      R"({"a":[{"$x":1}]})",
                                      R"({"a":1,"$x":1})",
                                      R"({"$ref":"c","$id":1})",
                                      R"({"$ref":"c","$id":{"$x":1}})",
                                      R"({"$ref":"c","$id":1,"z":1})",
                                      R"({"$id":1})",
                                      R"({"a.b":1})",
                                      R"({"":1})",
                                      R"({"":{"":[1]}})",
                                      R"({"a":{"$regularExpression":{"pattern":"a","options":""}}})"};

}  // namespace

Document value(const std::string& json) {
  return Document("{\"v\":" + json + "}");
}

Document deep_value(int levels) {
  Document inner("{\"0\":1}");  // also valid as an array
  for (int level = 2; level < levels; ++level) {
    Document outer;
    if (level % 2 == 0) {
      bson_append_array(outer.get(), "0", 1, inner.get());
    } else {
      bson_append_document(outer.get(), "0", 1, inner.get());
    }
    inner = std::move(outer);
  }
  Document made;
  bson_append_document(made.get(), "v", 1, inner.get());
  return made;
}

Document large_value(std::size_t bytes) {
  return text_value(std::string(bytes, 'x'));
}

std::vector<Document> odd_values() {
  std::vector<Document> all;
  for (const char* json : scalars) all.push_back(value(json));
  for (const char* json : containers) all.push_back(value(json));
  all.push_back(text_value("caf\xe9 \xff\xfe"));
  for (const int levels : {100, 150, 170, 175, 176}) all.push_back(deep_value(levels));
  return all;
}

Document with_fields(const std::vector<std::pair<std::string, Document>>& fields) {
  Document made;
  for (const auto& [name, from] : fields) append_v(made.get(), name, from);
  return made;
}

bool try_insert(Mongo& db, const std::string& collection, const Document& document) {
  return accepted(db, command_of("insert", collection, "documents", document));
}

bool try_put(Mongo& db, const std::string& collection, const Document& id, const Document& document) {
  Document update = query_of(id);
  bson_t pipeline;
  bson_append_array_begin(update.get(), "u", -1, &pipeline);
  bson_append_document(&pipeline, "0", 1, Document(R"({"$replaceWith":"$$new"})").get());
  bson_append_array_end(update.get(), &pipeline);
  bson_t constants;
  bson_append_document_begin(update.get(), "c", -1, &constants);
  bson_append_document(&constants, "new", -1, document.get());
  bson_append_document_end(update.get(), &constants);
  BSON_APPEND_BOOL(update.get(), "upsert", true);
  return accepted(db, command_of("update", collection, "updates", update));
}

bool try_remove(Mongo& db, const std::string& collection, const Document& id) {
  Document remove = query_of(id);
  BSON_APPEND_INT32(remove.get(), "limit", 1);
  return accepted(db, command_of("delete", collection, "deletes", remove));
}

std::vector<std::pair<std::string, std::string>> contents(Mongo& db, const std::string& collection) {
  std::vector<std::pair<std::string, std::string>> all;
  db.scan(collection, {}, {},
          [&](const Document& one) { all.emplace_back(one.key("_id"), bytes_of(one.get())); });
  std::ranges::sort(all);
  return all;
}

}  // namespace sluice::test
