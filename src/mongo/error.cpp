#include "mongo/error.hpp"

#include <algorithm>
#include <array>

namespace sluice {

std::string_view name_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::transient:
      return "transient";
    case ErrorKind::too_slow:
      return "too_slow";
    case ErrorKind::own_fault:
      return "own_fault";
    case ErrorKind::fenced:
      return "fenced";
    case ErrorKind::lost:
      return "lost";
    case ErrorKind::cursor_gone:
      return "cursor_gone";
    case ErrorKind::too_large:
      return "too_large";
    case ErrorKind::denied:
      return "denied";
    case ErrorKind::unavailable:
      return "unavailable";
    case ErrorKind::fatal:
      return "fatal";
  }
  return "fatal";
}

}  // namespace sluice

namespace sluice::mongo {

namespace {

template <std::size_t N>
bool among(const std::array<std::int32_t, N>& codes, std::int32_t code) {
  return std::ranges::find(codes, code) != codes.end();
}

// The server's error codes, by what they require. For their names see src/mongo/base/error_codes.yml in the
// server's sources.
constexpr std::array<std::int32_t, 44> transient_codes{
    6,     7,     24,  46,  64,  63,  89,  91,   112,   117,   133,   150,   189,   225,   234,
    244,   246,   251, 262, 314, 317, 365, 9001, 10107, 10058, 11600, 11601, 11602, 13388, 13435,
    13436, 43228, 267, 100, 134, 175, 202, 208,  239,   279,   281,   282,   384,   14031};
constexpr std::array<std::int32_t, 5> slow_codes{50, 257, 290, 388, 5859300};
constexpr std::array<std::int32_t, 2> cursor_codes{43, 237};
constexpr std::array<std::int32_t, 6> lost_codes{136, 222, 260, 280, 286, 50811};
constexpr std::array<std::int32_t, 6> fatal_codes{8000, 11, 13, 18, 33, 59};
constexpr std::array<std::int32_t, 2> large_codes{object_too_large, fragment_too_large};

// BSONObjectTooLarge, and 13548: a buffer would exceed the server's limit. An operation's oplog entry holds
// an _id up to three times, so the entry can be too large although the document is not.
constexpr std::array<std::int32_t, 2> size_codes{object_too_large, 13548};

// UserNotFound (also the code of the driver's own log-in failure), Unauthorized, AuthenticationFailed, and
// the code of a refusal by Atlas.
constexpr std::array<std::int32_t, 4> denial_codes{11, 13, 18, 8000};

bool is_network(const bson_error_t& error) {
  return error.domain == MONGOC_ERROR_STREAM || error.domain == MONGOC_ERROR_SERVER_SELECTION ||
         error.domain == MONGOC_ERROR_PROTOCOL;
}

/// The driver itself rejected the BSON that it was given. Its codes in this domain are not the server's: 18
/// does not mean a failed log-in.
bool is_bad_bson(const bson_error_t& error) {
  return error.domain == MONGOC_ERROR_BSON;
}

ErrorKind otherwise(Doing doing) {
  switch (doing) {
    case Doing::writing:
      return ErrorKind::own_fault;
    case Doing::storing:
      return ErrorKind::transient;
    case Doing::reading:
      break;
  }
  return ErrorKind::fatal;
}

}  // namespace

bool refuses_size(const Error& error) {
  return among(size_codes, error.code);
}

bool is_denial(const Error& error) {
  return error.kind == ErrorKind::fatal && among(denial_codes, error.code);
}

bool is_conflict(const Error& error) {
  return error.code == write_conflict || error.code == duplicate_key;
}

Error classify_code(std::int32_t code, std::string message, Doing doing) {
  ErrorKind kind = otherwise(doing);
  if (among(transient_codes, code)) kind = ErrorKind::transient;
  if (among(slow_codes, code)) kind = ErrorKind::too_slow;
  if (among(cursor_codes, code)) kind = ErrorKind::cursor_gone;
  if (among(fatal_codes, code)) kind = ErrorKind::fatal;
  // These codes have these meanings only for a change stream; a write cannot lose a resume position.
  if (doing == Doing::reading && among(lost_codes, code)) kind = ErrorKind::lost;
  if (doing == Doing::reading && among(large_codes, code)) kind = ErrorKind::too_large;
  return {kind, code, std::move(message), false};
}

Error classify(const bson_error_t& error, const bson_t* reply, Doing doing) {
  const auto code = static_cast<std::int32_t>(error.code);
  Error result = is_network(error)    ? Error{ErrorKind::transient, code, error.message, false, true}
                 : is_bad_bson(error) ? Error{otherwise(doing), code, error.message, false}
                                      : classify_code(code, error.message, doing);
  if (error.domain == MONGOC_ERROR_CLIENT && error.code == MONGOC_ERROR_CLIENT_AUTHENTICATE) {
    result.kind = ErrorKind::fatal;
  }
  if (error.domain == MONGOC_ERROR_SERVER_SELECTION) result.advice = no_server_advice;
  if (reply == nullptr) return result;
  const bool labelled = mongoc_error_has_label(reply, "TransientTransactionError") ||
                        mongoc_error_has_label(reply, "RetryableWriteError") ||
                        mongoc_error_has_label(reply, "ResumableChangeStreamError");
  if (labelled && result.kind != ErrorKind::too_slow) result.kind = ErrorKind::transient;
  result.unknown_commit = mongoc_error_has_label(reply, "UnknownTransactionCommitResult");
  return result;
}

}  // namespace sluice::mongo
