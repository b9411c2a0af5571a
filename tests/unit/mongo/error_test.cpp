#include "mongo/error.hpp"

#include <gtest/gtest.h>

#include "mongo/client.hpp"
#include "unit/bson/json.hpp"

namespace sluice::mongo {
namespace {

ErrorKind kind(std::int32_t code, Doing doing) {
  return classify_code(code, "", doing).kind;
}

struct Code {
  const char* name;
  std::int32_t code;
  ErrorKind kind;
};

// By the server's names; whatever the worker is doing.
const Code codes[]{
    {"HostUnreachable", 6, ErrorKind::transient},
    {"LockTimeout", 24, ErrorKind::transient},
    {"NetworkTimeout", 89, ErrorKind::transient},
    {"ShutdownInProgress", 91, ErrorKind::transient},
    {"UnsatisfiableWriteConcern", 100, ErrorKind::transient},
    {"QueryPlanKilled", 175, ErrorKind::transient},
    {"OutOfDiskSpace", 14031, ErrorKind::transient},
    {"WriteConflict", 112, ErrorKind::transient},
    {"PrimarySteppedDown", 189, ErrorKind::transient},
    {"NoSuchTransaction", 251, ErrorKind::transient},
    {"ExceededTimeLimit", 262, ErrorKind::transient},
    {"NotWritablePrimary", 10107, ErrorKind::transient},
    {"InterruptedAtShutdown", 11600, ErrorKind::transient},
    {"InterruptedDueToReplStateChange", 11602, ErrorKind::transient},
    {"NotPrimaryNoSecondaryOk", 13435, ErrorKind::transient},
    {"NotPrimaryOrSecondary", 13436, ErrorKind::transient},
    {"MaxTimeMSExpired", 50, ErrorKind::too_slow},
    {"TransactionTooLarge", 257, ErrorKind::too_slow},
    {"TransactionExceededLifetimeLimitSeconds", 290, ErrorKind::too_slow},
    {"CursorNotFound", 43, ErrorKind::cursor_gone},
    {"CursorKilled", 237, ErrorKind::cursor_gone},
    {"Unauthorized", 13, ErrorKind::fatal},
    {"AuthenticationFailed", 18, ErrorKind::fatal},
    {"CommandNotFound", 59, ErrorKind::fatal},
};

TEST(Errors, TellAnEventThatIsTooLargeFromADocumentThatIs) {
  EXPECT_EQ(kind(10334, Doing::reading), ErrorKind::too_large);
  EXPECT_EQ(kind(10334, Doing::writing), ErrorKind::own_fault);
}

TEST(Errors, OfNoServerSayWhatToCheckBehindTheCode) {
  bson_error_t error{};
  bson_set_error(&error, MONGOC_ERROR_SERVER_SELECTION, 13053, "No suitable servers found: [refused]");
  const Error none = classify(error, nullptr, Doing::reading);
  EXPECT_EQ(none.text(),
            std::string("No suitable servers found: [refused] (code 13053); ") + no_server_advice);
  bson_set_error(&error, MONGOC_ERROR_STREAM, 4, "socket error or timeout");
  EXPECT_EQ(classify(error, nullptr, Doing::reading).text(), "socket error or timeout (code 4)");
}

TEST(Errors, AreSortedByWhatCanBeDoneAboutThem) {
  for (const Code& one : codes) {
    EXPECT_EQ(kind(one.code, Doing::writing), one.kind) << one.name;
    EXPECT_EQ(kind(one.code, Doing::reading), one.kind) << one.name;
  }
}

/// CappedPositionLost, InvalidResumeToken, ChangeStreamFatalError, ChangeStreamHistoryLost.
TEST(Errors, OfALostPositionAreAChangeStreamsAlone) {
  for (const std::int32_t code : {136, 260, 280, 286}) {
    EXPECT_EQ(kind(code, Doing::reading), ErrorKind::lost) << code;
    EXPECT_EQ(kind(code, Doing::writing), ErrorKind::own_fault) << code;
    EXPECT_EQ(kind(code, Doing::storing), ErrorKind::transient) << code;
  }
}

TEST(Errors, OfUnknownCodesAreAWritesOwnFaultOrAReasonToStop) {
  for (const std::int32_t code : {2, 14, 66, 121, 11000, 99999}) {
    EXPECT_EQ(kind(code, Doing::writing), ErrorKind::own_fault) << code;
    EXPECT_EQ(kind(code, Doing::reading), ErrorKind::fatal) << code;
  }
}

class ClassifyTest : public testing::Test {
 protected:
  Error classified(std::uint32_t domain, std::uint32_t code, const std::string& labels = "") {
    bson_error_t error{};
    bson_set_error(&error, domain, code, "what happened");
    if (labels.empty()) return classify(error, nullptr, Doing::writing);
    const bson_t reply = store_.document(R"({"errorLabels": [)" + labels + "]}").borrow();
    return classify(error, &reply, Doing::writing);
  }
  test::Store store_;
};

TEST_F(ClassifyTest, KeepsCodeAndMessage) {
  const Error error = classified(MONGOC_ERROR_SERVER, 121);
  EXPECT_EQ(error.kind, ErrorKind::own_fault);
  EXPECT_EQ(error.text(), "what happened (code 121)");
  EXPECT_FALSE(error.unknown_commit);
}

TEST_F(ClassifyTest, TakesTheNetworkForTransient) {
  EXPECT_EQ(classified(MONGOC_ERROR_STREAM, MONGOC_ERROR_STREAM_SOCKET).kind, ErrorKind::transient);
  EXPECT_EQ(classified(MONGOC_ERROR_SERVER_SELECTION, MONGOC_ERROR_SERVER_SELECTION_FAILURE).kind,
            ErrorKind::transient);
}

TEST_F(ClassifyTest, TellsDenialsFromTheRestOfWhatIsFatal) {
  for (const std::int32_t code : {11, 13, 18, 8000}) {
    EXPECT_TRUE(is_denial(classify_code(code, "", Doing::reading))) << code;
  }
  EXPECT_TRUE(is_denial(classified(MONGOC_ERROR_CLIENT, MONGOC_ERROR_CLIENT_AUTHENTICATE)));
  EXPECT_FALSE(is_denial(classify_code(59, "", Doing::reading)));
  EXPECT_FALSE(is_denial(classified(MONGOC_ERROR_STREAM, 13)));
}

TEST_F(ClassifyTest, DoesNotTakeTheDriversNumbersForTheServers) {
  EXPECT_EQ(classified(MONGOC_ERROR_BSON, MONGOC_ERROR_BSON_INVALID).kind, ErrorKind::own_fault);
}

TEST_F(ClassifyTest, TakesWrongCredentialsForFatal) {
  EXPECT_EQ(classified(MONGOC_ERROR_CLIENT, MONGOC_ERROR_CLIENT_AUTHENTICATE).kind, ErrorKind::fatal);
}

TEST_F(ClassifyTest, BelievesTheServersLabels) {
  EXPECT_EQ(classified(MONGOC_ERROR_SERVER, 99999, R"("TransientTransactionError")").kind,
            ErrorKind::transient);
  EXPECT_EQ(classified(MONGOC_ERROR_SERVER, 99999, R"("ResumableChangeStreamError")").kind,
            ErrorKind::transient);
  EXPECT_EQ(classified(MONGOC_ERROR_SERVER, 99999, R"("RetryableWriteError")").kind, ErrorKind::transient);
  EXPECT_EQ(classified(MONGOC_ERROR_SERVER, 50, R"("TransientTransactionError")").kind, ErrorKind::too_slow)
      << "less at once is the better remedy";
  const Error unknown = classified(MONGOC_ERROR_SERVER, 91, R"("UnknownTransactionCommitResult")");
  EXPECT_TRUE(unknown.unknown_commit);
}

TEST_F(ClassifyTest, FindsTheFirstWriteError) {
  EXPECT_FALSE(first_write_error(store_.document("{}")));
  EXPECT_FALSE(first_write_error(store_.document(R"({"writeErrors": []})")));
  const auto failed = first_write_error(store_.document(
      R"({"n": 3, "writeErrors": [{"index": 2, "code": 121, "errmsg": "invalid"}, {"index": 5, "code": 112}]})"));
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->index, 2U);
  EXPECT_EQ(failed->error.kind, ErrorKind::own_fault);
  EXPECT_EQ(failed->error.message, "invalid");
}

/// What refuses a position says nothing about the events that lie behind it.
TEST_F(ClassifyTest, BlamesNoEventForWhatBefallsAPosition) {
  for (const std::int32_t code : {8, 96, 121, 14031}) {
    EXPECT_EQ(classify_code(code, "", Doing::storing).kind, ErrorKind::transient) << code;
  }
  EXPECT_EQ(classify_code(13, "", Doing::storing).kind, ErrorKind::fatal);
  EXPECT_EQ(classify_code(50, "", Doing::storing).kind, ErrorKind::too_slow);
}

TEST_F(ClassifyTest, TakesAWriteWithoutAMajorityForTransient) {
  EXPECT_FALSE(write_concern_error(store_.document(R"({"n": 1})")));
  const auto failed = write_concern_error(
      store_.document(R"({"n": 1, "writeConcernError": {"code": 100, "errmsg": "not enough members"}})"));
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->kind, ErrorKind::transient);
  EXPECT_EQ(failed->text(),
            "no majority of the replica set has confirmed the write: not enough members (code 100)");
}

TEST(ErrorKinds, HaveNames) {
  for (const ErrorKind kind :
       {ErrorKind::transient, ErrorKind::too_slow, ErrorKind::own_fault, ErrorKind::fenced, ErrorKind::lost,
        ErrorKind::cursor_gone, ErrorKind::denied, ErrorKind::fatal}) {
    EXPECT_FALSE(name_of(kind).empty());
  }
  EXPECT_EQ(name_of(ErrorKind::own_fault), "own_fault");
}

}  // namespace
}  // namespace sluice::mongo
