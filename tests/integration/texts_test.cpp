#include "support/calling.hpp"

namespace sluice::test {
namespace {

/// What becomes of values on their way to ids, addresses and bodies (docs/language.md, "Values as text").
class Texts : public CallingTest {
 protected:
  /// By a bare command, for the driver's helpers refuse what is not UTF-8.
  void insert_raw(int id, const std::string& bytes) {
    Document command(R"({"insert":"items"})");
    bson_t list;
    bson_t document;
    bson_append_array_begin(command.get(), "documents", -1, &list);
    bson_append_document_begin(&list, "0", -1, &document);
    BSON_APPEND_INT32(&document, "_id", id);
    bson_append_utf8(&document, "t", 1, bytes.data(), static_cast<int>(bytes.size()));
    BSON_APPEND_DATE_TIME(&document, "d", INT64_MAX);
    bson_append_document_end(&list, &document);
    bson_append_array_end(command.get(), &list);
    db().command(command);
  }
};

TEST_F(Texts, IdsOfDifferentValuesAreDifferent) {
  start(file(R"yaml(  - name: invoices
    write:
      from: items
      operations: [insert]
      into: invoices
      mode: upsert
      id: "'inv-' || NEW.no"
      values: { price: "'EUR ' || NEW.price", both: { first: ["text(NEW.no)"] } }
)yaml"))
      .ready();
  for (int i = 0; i < 5; ++i)
    db().insert("items", R"({"no":2026000010)" + std::to_string(i) + R"(.0,"price":19.99})");
  db().insert("items", R"({"no":{"$binary":{"base64":"ABEiM0RVZneImaq7zN3u/w==","subType":"04"}},)"
                       R"("price":{"$numberDecimal":"1.50"}})");
  db().insert("items", R"({"no":{"a":1,"b":"x"},"price":[1,2.5]})");
  ASSERT_TRUE(settled());
  const auto found = [&](const std::string& id) {
    const auto one = db().find_one("invoices", R"({"_id":)" + workbench::quoted(id) + "}");
    return one ? one->text("price") + " of " + one->text("both.first.0") : "(none)";
  };
  for (int i = 0; i < 5; ++i) {
    const std::string number = "2026000010" + std::to_string(i);
    EXPECT_EQ(found("inv-" + number), "EUR 19.99 of " + number);
  }
  EXPECT_EQ(found("inv-00112233-4455-6677-8899-aabbccddeeff"),
            "EUR 1.50 of 00112233-4455-6677-8899-aabbccddeeff");
  EXPECT_EQ(found(R"(inv-{"a":1,"b":"x"})"), R"(EUR [1,2.5] of {"a":1,"b":"x"})");
  EXPECT_EQ(db().count("invoices"), 7);
  EXPECT_EQ(state().count("dead_letters"), 0);
}

TEST_F(Texts, BodiesAndUrlsHaveTheSame) {
  start(file("  - name: hook\n    webhook:\n      from: items\n      url: \"" + service().origin() +
             "/{_id}?p={p}&d={d}\"\n      body: '{\"p\": \"{p}\", \"o\": \"{o}\", \"d\": \"{d}\"}'\n"))
      .ready();
  db().insert("items", R"({"_id":{"$binary":{"base64":"ABEiM0RVZneImaq7zN3u/w==","subType":"04"}},)"
                       R"("p":19.99,"o":{"a":[1,0.1]},"d":{"$date":"2026-03-01T12:30:00Z"}})");
  ASSERT_TRUE(comes(1));
  const auto request = service().requests().at(0);
  EXPECT_EQ(request.target, "/00112233-4455-6677-8899-aabbccddeeff?p=19.99&d=2026-03-01T12%3A30%3A00.000Z");
  EXPECT_EQ(request.body, R"({"p": "19.99", "o": "{\"a\":[1,0.1]}", "d": "2026-03-01T12:30:00.000Z"})");
}

/// Bodies are JSON whatever the document holds, and neither pattern nor text() fails on the server: that
/// would read the stream again and again, and fill the dead letters of every rule.
TEST_F(Texts, ThatAreNotUtf8AreSentAsJson) {
  const std::string to = service().origin();
  start(file("  - name: stated\n    webhook:\n      from: items\n      url: \"" + to +
             "/stated\"\n      body: '{\"t\": \"{t}\"}'\n"
             "  - name: made\n    webhook:\n      from: items\n      url: \"" +
             to +
             "/made\"\n      values: { t: NEW.t, d: \"'at ' || NEW.d\" }\n"
             "  - name: whole\n    webhook:\n      from: items\n      url: \"" +
             to +
             "/whole\"\n      payload: document\n"
             "  - name: matched\n    webhook:\n      from: items\n      when: \"NEW.t LIKE '_a%' OR "
             "text(NEW.d) = "
             "'x'\"\n      url: \"" +
             to + "/matched\"\n"))
      .ready();
  insert_raw(1, "caf\xe9 \xff");
  insert_raw(2, "\xe4\xb8\xad\x61");
  ASSERT_TRUE(settled());
  ASSERT_TRUE(comes(7));
  std::size_t replaced = 0;
  for (const WebRequest& request : service().requests()) {
    EXPECT_NO_THROW(Document(request.body)) << request.body;
    EXPECT_TRUE(bson_utf8_validate(request.body.data(), request.body.size(), false));
    if (request.body.find("caf\xEF\xBF\xBD \xEF\xBF\xBD") != std::string::npos) ++replaced;
    if (request.target == "/made") {
      EXPECT_EQ(Document(request.body).text("d"), "at +292278994-08-17T07:12:55.807Z");
    }
  }
  EXPECT_EQ(replaced, 3U);
  EXPECT_EQ(state().count("dead_letters"), 0);
  EXPECT_EQ(metric("sluice_stream_reopens_total"), 0);
}

}  // namespace
}  // namespace sluice::test
