#include <regex>

#include "support/connecting.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// Messages byte by byte: the event as MongoDB sends it, in relaxed Extended JSON without blanks.
class ConnectorPayload : public Connector {
 protected:
  /// The messages of a stream, with <token>, <timestamp>, <time> and <db> for what differs from run to run.
  std::vector<std::string> payloads(const std::string& from) {
    std::vector<std::string> all;
    for (const NatsMessage& message : consumer().read(from)) {
      std::string text = message.data;
      const auto put = [&text](const std::string& pattern, const std::string& name) {
        text = std::regex_replace(text, std::regex(pattern), name);
      };
      put("\"_id\":\\{\"_data\":\"" + message.headers.at("Nats-Msg-Id") + "\"\\}",
          R"("_id":{"_data":"<token>"})");
      put(R"re("clusterTime":\{"\$timestamp":\{"t":[0-9]+,"i":[0-9]+\}\})re",
          R"("clusterTime":"<timestamp>")");
      put(R"re("wallTime":\{"\$date":"[0-9-]+T[0-9:]+(\.[0-9]{3})?Z"\})re", R"("wallTime":"<time>")");
      put(db().database(), "<db>");
      all.push_back(text);
    }
    return all;
  }

  /// A change of each kind; each waits until the one before it is published to `into`.
  bool write_changes(const std::string& collection, const std::string& into) {
    db().insert(collection, R"({"_id":{"$oid":"65a1b2c3d4e5f60718293a4b"},"whole":{"$numberDouble":"1.0"},
        "price":{"$numberDouble":"19.99"},"tenth":{"$numberDouble":"0.1"},"n":7,
        "long":{"$numberLong":"9007199254740993"},"small":{"$numberLong":"5"},
        "at":{"$date":{"$numberLong":"1700000000123"}},"day":{"$date":{"$numberLong":"1700000000000"}},
        "old":{"$date":{"$numberLong":"-1"}},"owner":{"$oid":"000000000000000000000001"},
        "money":{"$numberDecimal":"12.50"},"yes":true,"none":null,
        "text":"a \"b\" </script> & \u00fc","list":[],"map":{},"in":{"deep":[{"x":1},[],"y"]}})");
    if (!soon_holds(into, 1)) return false;
    db().update(collection, "{}", R"({"$set":{"price":{"$numberDouble":"20.5"},"in.deep.0.x":2,"list":[1]},
                                      "$unset":{"none":""}})");
    if (!soon_holds(into, 2)) return false;
    db().replace(collection, "{}", R"({"long":{"$numberLong":"-1"},"empty":[]})");
    db().remove(collection, "{}");
    return soon_holds(into, 4);
  }
};

const std::string head = R"({"_id":{"_data":"<token>"},"operationType":)";
const std::string when = R"(,"clusterTime":"<timestamp>","wallTime":"<time>")";
const std::string key = R"(},"documentKey":{"_id":{"$oid":"65a1b2c3d4e5f60718293a4b"}})";

/// What the insert left of the document, in two parts with `price` between them.
const std::string before_price =
    R"(,"fullDocument":{"_id":{"$oid":"65a1b2c3d4e5f60718293a4b"},"whole":1.0,"price":)";
const std::string behind_price =
    R"(,"tenth":0.1,"n":7,"long":9007199254740993,"small":5,)"
    R"("at":{"$date":"2023-11-14T22:13:20.123Z"},"day":{"$date":"2023-11-14T22:13:20Z"},)"
    R"("old":{"$date":{"$numberLong":"-1"}},"owner":{"$oid":"000000000000000000000001"},)"
    R"("money":{"$numberDecimal":"12.50"},"yes":true,)";

/// By operation, for a collection with this name. `before`: what stands behind an event that may have a
/// pre-image.
std::vector<std::string> due(const std::string& collection, const std::string& before = "") {
  const std::string ns = R"(,"ns":{"db":"<db>","coll":")" + collection + "\"" + key;
  return {
      head + R"("insert")" + when + before_price + "19.99" + behind_price +
          R"("none":null,"text":"a \"b\" </script> & ü","list":[],"map":{},"in":{"deep":[{"x":1},[],"y"]}})" +
          ns + "}",
      head + R"("update")" + when + before_price + "20.5" + behind_price +
          R"("text":"a \"b\" </script> & ü","list":[1],"map":{},"in":{"deep":[{"x":2},[],"y"]}})" + ns +
          R"(,"updateDescription":{"updatedFields":{"list":[1],"price":20.5,"in.deep.0.x":2},)" +
          R"("removedFields":["none"],"truncatedArrays":[]})" + before + "}",
      head + R"("replace")" + when +
          R"(,"fullDocument":{"_id":{"$oid":"65a1b2c3d4e5f60718293a4b"},"long":-1,"empty":[]})" + ns +
          before + "}",
      head + R"("delete")" + when + ns + before + "}",
  };
}

/// An update's document is looked up, so each change waits for the message of the one before it.
TEST_F(ConnectorPayload, OfTheFirstLayout) {
  start_connector(variables({{"MONGO_WATCH_OPERATIONS", "insert,update,replace,delete"}})).ready();
  ASSERT_TRUE(write_changes("users", stream()));
  EXPECT_EQ(payloads(stream()), due("users"));
}

/// It asks for pre-images, and the server sends null where it keeps none.
TEST_F(ConnectorPayload, OfTheSecondLayout) {
  const std::string orders = "O" + stream();
  start_connector({}, {"--config", connector_file("    - { dbName: " + db().database() +
                                                  ", collName: orders, tokensDbName: " + tokens().database() +
                                                  ", streamName: " + orders + " }\n")})
      .ready();
  ASSERT_TRUE(write_changes("orders", orders));
  EXPECT_EQ(payloads(orders), due("orders", R"(,"fullDocumentBeforeChange":null)"));
}

}  // namespace
}  // namespace sluice::test
