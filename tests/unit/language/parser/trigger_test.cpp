#include "language/parser/trigger.hpp"

#include "sluice/settings.hpp"
#include "unit/language/compiled.hpp"

namespace sluice::language {
namespace {

Trigger trigger(const std::string& text) {
  return std::get<Trigger>(parse_statement(text));
}

std::string yaml(const std::string& action) {
  return rule_yaml(trigger("CREATE TRIGGER t AFTER INSERT OR UPDATE ON c DO " + action));
}

/// What stands in the rule below its selection.
std::string settings(const std::string& action) {
  const std::string whole = yaml(action);
  const std::string start = "operations: [\"insert\",\"update\",\"replace\"]\n";
  return whole.substr(whole.find(start) + start.size());
}

std::string error(const std::string& text) {
  return error_of([&] { parse_statement(text); });
}

std::string error_of_action(const std::string& action) {
  return error("CREATE TRIGGER t AFTER UPDATE ON c\nDO " + action);
}

TEST(Trigger, BecomesARule) {
  const Trigger made = trigger(R"(
    CREATE OR REPLACE TRIGGER shipped
      AFTER UPDATE OF status, address.city ON shop.orders
      WHEN NEW.status = 'shipped' -- at last
      DO INSERT INTO notifications (user, text)
         VALUES (NEW.userId, 'Order ' || NEW.number || ' is on its way');)");
  EXPECT_TRUE(made.or_replace);
  EXPECT_EQ(made.stream, "shop");
  EXPECT_EQ(made.collection, "orders");
  EXPECT_EQ(made.when, "NEW.status = 'shipped'");
  EXPECT_EQ(
      rule_yaml(made),
      "name: \"shipped\"\n"
      "write:\n"
      "  from: \"orders\"\n"
      "  operations: [\"update\",\"replace\"]\n"
      "  fields: [\"status\",\"address.city\"]\n"
      "  when: \"NEW.status = 'shipped'\"\n"
      "  into: \"notifications\"\n"
      "  mode: \"insert\"\n"
      "  values: {\"user\": \"NEW.userId\", \"text\": \"'Order ' || NEW.number || ' is on its way'\"}\n");
}

TEST(Trigger, LeavesOutOwnWritesOnRequest) {
  const std::string start = "CREATE TRIGGER t AFTER INSERT ON c ";
  const std::string action = "DO PUBLISH TO 'a.{id}'";
  EXPECT_EQ(rule_yaml(trigger(start + action)).find("own_writes"), std::string::npos);
  for (const std::string condition : {"", "WHEN NEW.a = 1 "}) {
    const std::string made = rule_yaml(trigger(start + condition + "IGNORE OWN WRITES " + action));
    EXPECT_NE(made.find("  own_writes: \"ignore\"\n"), std::string::npos) << made;
  }
  EXPECT_NE(error(start + "IGNORE WRITES " + action).find("OWN"), std::string::npos);
}

TEST(Trigger, KnowsTheEvents) {
  const Trigger all = trigger("create trigger t after delete or update or insert on c do publish to 's'");
  EXPECT_TRUE(all.on_insert && all.on_update && all.on_delete && all.fields.empty() && all.stream.empty());
  EXPECT_EQ(
      rule_yaml(all),
      "name: \"t\"\npublish:\n  from: \"c\"\n  operations: [\"insert\",\"update\",\"replace\",\"delete\"]\n"
      "  subject: \"s\"\n  message_id: \"t-{token}\"\n");
  const Trigger one = trigger("CREATE TRIGGER \"my-trigger\" AFTER INSERT ON shop.\"a.b\" DO PUBLISH TO 's'");
  EXPECT_EQ(one.name, "my-trigger");
  EXPECT_EQ(one.collection, "a.b");
  EXPECT_FALSE(one.on_update);
}

TEST(Trigger, Writes) {
  EXPECT_EQ(settings("INSERT INTO log ID token() (a, b.c) VALUES ((NEW.x + 1) * 2, 'y')"),
            "  into: \"log\"\n  mode: \"insert\"\n  id: \"token()\"\n"
            "  values: {\"a\": \"(NEW.x + 1) * 2\", \"b.c\": \"'y'\"}\n");
  EXPECT_EQ(
      settings("UPSERT INTO audit.log ID NEW.userId (last) VALUES (time())"),
      "  into: \"audit.log\"\n  mode: \"upsert\"\n  id: \"NEW.userId\"\n  values: {\"last\": \"time()\"}\n");
  EXPECT_EQ(settings("UPSERT INTO mirror ID NEW._id VALUES NEW"),
            "  into: \"mirror\"\n  mode: \"upsert\"\n  id: \"NEW._id\"\n  values: \"NEW\"\n");
  EXPECT_EQ(settings("UPDATE users SET a.b = NEW.x = 1, c = NULL WHERE ID = NEW.userId"),
            "  into: \"users\"\n  mode: \"update\"\n  id: \"NEW.userId\"\n"
            "  values: {\"a.b\": \"NEW.x = 1\", \"c\": \"NULL\"}\n");
  EXPECT_EQ(settings("DELETE FROM carts WHERE ID = NEW.cartId"),
            "  into: \"carts\"\n  mode: \"delete\"\n  id: \"NEW.cartId\"\n");
}

TEST(Trigger, CallsDropsAndPublishes) {
  EXPECT_EQ(settings("CALL 'https://x.org/{id}'"), "  url: \"https://x.org/{id}\"\n  method: \"POST\"\n");
  EXPECT_EQ(settings("CALL put 'https://x.org' HEADER 'X-A' = '{op}' HEADER 'B' = 'c' BODY '{\"a\": 1}'"),
            "  url: \"https://x.org\"\n  method: \"PUT\"\n  headers: {\"X-A\": \"{op}\", \"B\": \"c\"}\n"
            "  body: \"{\\\"a\\\": 1}\"\n");
  EXPECT_EQ(settings("CALL 'u' BODY (a, b) VALUES (NEW.x, 1)"),
            "  url: \"u\"\n  method: \"POST\"\n  values: {\"a\": \"NEW.x\", \"b\": \"1\"}\n");
  EXPECT_EQ(settings("DROP KEY 'a:{id}', 'b'"), "  delete: [\"a:{id}\",\"b\"]\n");
  EXPECT_NE(yaml("DROP KEY 'a'").find("\ncache:\n"), std::string::npos);
  EXPECT_NE(yaml("CALL 'a'").find("\nwebhook:\n"), std::string::npos);
  EXPECT_EQ(settings("PUBLISH TO 'shop.{id}'"), "  subject: \"shop.{id}\"\n  message_id: \"t-{token}\"\n");
  EXPECT_EQ(settings("PUBLISH TO 'shop.{id}' STREAM 'SHOP'"),
            "  subject: \"shop.{id}\"\n  stream: \"SHOP\"\n  message_id: \"t-{token}\"\n");
}

TEST(Trigger, KeepsAnyTextThroughYaml) {
  const std::string odd =
      "a: 'b' \"c\" #d {e} [f] \\n \\ \t \n - g %h @i `j` !k &l *m | > ${n} \xc3\xbc\xe2\x80\xa8\x7f\x01 ";
  std::string quoted;
  for (const char c : odd) quoted += c == '\'' ? std::string("''") : std::string(1, c);
  const Settings rule =
      Settings::parse(yaml("CALL 'u' HEADER 'true' = '" + quoted + "' BODY (x) VALUES ('" + quoted + "')"));
  const Settings webhook = rule.section("webhook");
  EXPECT_EQ(webhook.pairs("headers"), (std::vector<std::pair<std::string, std::string>>{{"true", odd}}));
  EXPECT_EQ(webhook.pairs("values").front().second, "'" + quoted + "'");
  const Settings numbers = Settings::parse(yaml("CALL 'u' BODY (x) VALUES (NULL)")).section("webhook");
  EXPECT_EQ(numbers.json("values"), R"({"x": "NULL"})");
}

TEST(Trigger, MayBeDropped) {
  EXPECT_EQ(std::get<DropTrigger>(parse_statement("DROP TRIGGER shipped;")).name, "shipped");
  const auto all =
      parse_statements("DROP TRIGGER a;\n-- and\nCREATE TRIGGER a AFTER INSERT ON c DO PUBLISH TO 's';;");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(std::get<Trigger>(all[1]).name, "a");
  EXPECT_TRUE(parse_statements(" -- nothing").empty());
  EXPECT_EQ(error_of([] { parse_statements("DROP TRIGGER a DROP TRIGGER b"); }),
            "line 1, column 16: expected ';' or the end, not DROP");
}

TEST(Trigger, SaysWhereAndWhatIsWrong) {
  const std::vector<std::pair<const char*, const char*>> wrong{
      {"", "line 1, column 1: expected CREATE TRIGGER or DROP TRIGGER, not the end"},
      {"CREATE t", "line 1, column 8: expected TRIGGER, not t"},
      {"CREATE TRIGGER \"a b\" AFTER",
       "line 1, column 16: a name may contain only letters, digits, '.', '_' and '-'"},
      {"CREATE TRIGGER t BEFORE", "line 1, column 18: expected AFTER, not BEFORE"},
      {"CREATE TRIGGER t AFTER READ", "line 1, column 24: expected INSERT, UPDATE or DELETE, not READ"},
      {"CREATE TRIGGER t AFTER INSERT OR INSERT ON", "line 1, column 34: this event appears twice"},
      {"CREATE TRIGGER t AFTER INSERT ON a.b.c",
       "line 1, column 37: a collection name that contains dots must be in \"..\""},
      {"CREATE TRIGGER t AFTER INSERT ON c PUBLISH", "line 1, column 36: expected WHEN or DO, not PUBLISH"},
      {"CREATE TRIGGER t AFTER INSERT ON c\nWHEN NEW.a = NULL DO",
       "line 2, column 14: values cannot be compared with NULL; write IS NULL or IS NOT NULL"},
      {"CREATE TRIGGER t AFTER INSERT ON c WHEN NEW.a = 1 2",
       "line 1, column 51: expected an operator or DO, not 2"},
      {"CREATE TRIGGER t AFTER INSERT ON c WHEN OLD.a = 1 DO",
       "line 1, column 41: an insert has no OLD; use NEW"},
      {"CREATE TRIGGER t AFTER DELETE ON c WHEN NEW.a = 1 DO",
       "line 1, column 41: a delete has no NEW; use OLD"},
      {"CREATE TRIGGER t AFTER UPDATE OF \"a.b\" ON c",
       "line 1, column 34: a field that is written or watched must not have a dot in its name or begin with "
       "$"},
      {"DROP TRIGGER a b", "line 1, column 16: expected ';' or the end, not b"},
  };
  for (const auto& [text, message] : wrong) EXPECT_EQ(error(text), message) << text;
}

TEST(Trigger, SaysWhatIsWrongInAnAction) {
  const std::vector<std::pair<const char*, const char*>> wrong{
      {"SELECT",
       "line 2, column 4: expected INSERT, UPSERT, UPDATE, DELETE, CALL, DROP KEY or PUBLISH TO, not SELECT"},
      {"INSERT INTO x (a, a) VALUES (1, 2)", "line 2, column 22: 'a' is set twice"},
      {"INSERT INTO x (a, a.b) VALUES (1, 2)",
       "line 2, column 22: 'a.b' and 'a' are both set, and one is inside the other"},
      {"INSERT INTO x (a, b) VALUES (1)",
       "line 2, column 34: expected a value for each field ('b' has none), not )"},
      {"INSERT INTO x (a) VALUES (1, 2)",
       "line 2, column 31: expected ')': there are more values than fields, not ,"},
      {"INSERT INTO x (a) VALUES (lowr(1))",
       "line 2, column 30: unknown function 'lowr'; did you mean 'lower'?"},
      {"UPSERT INTO x (a) VALUES (1)", "line 2, column 18: expected ID, not ("},
      {"UPSERT INTO x ID 1 VALUES NEW.a",
       "line 2, column 30: without fields before it, VALUES needs a whole document: NEW or OLD"},
      {"UPDATE x SET a = 1, a = 2 WHERE ID = 1", "line 2, column 24: 'a' is set twice"},
      {"UPDATE x SET a = 1", "line 2, column 22: expected WHERE ID = .., not the end"},
      {"UPDATE x SET a = 1 WHERE name = 2",
       "line 2, column 29: expected ID: documents are found by nothing else, not name"},
      {"DELETE FROM x", "line 2, column 17: expected WHERE ID = .., not the end"},
      {"CALL HEAD 'x'",
       "line 2, column 9: expected GET, POST, PUT, PATCH, DELETE or the address as a text in '..', not HEAD"},
      {"CALL 'x' HEADER 'A' = 'b' HEADER 'a' = 'c'", "line 2, column 37: 'a' appears twice"},
      {"DROP TABLE", "line 2, column 9: expected KEY, not TABLE"},
      {"PUBLISH TO subject", "line 2, column 15: expected a subject, as a text in '..', not subject"},
      {"PUBLISH TO 's' STREAM SHOP",
       "line 2, column 26: expected the name of a JetStream stream, as a text in '..', not SHOP"},
  };
  for (const auto& [action, message] : wrong) EXPECT_EQ(error_of_action(action), message) << action;
}

}  // namespace
}  // namespace sluice::language
