#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "mongo/raii.hpp"
#include "sluice/config.hpp"

namespace sluice::mongo {

/// Throws Stop, with a message for the user, if the driver cannot parse the URI. Contacts no server.
Uri parse_uri(const std::string& text);

/// Only checks that parse_uri() accepts it.
void check_uri(const std::string& uri);

/// Reads a URI file, such as a mounted secret, and removes white space at its end: editors and `echo` add a
/// newline. Throws Stop if it cannot be read, or is empty.
std::string read_uri_file(const std::string& path);

/// Sets what the URI does not set. The times are short because Sluice does the retries, and because a dead
/// server has to be noticed within the time that a stop may take. With `answer_timeout`, that is the
/// socketTimeoutMS, whatever the URI says.
void set_defaults(mongoc_uri_t* uri, std::optional<std::chrono::milliseconds> answer_timeout = {});

/// Throws Stop, with a message for the user, if the driver cannot make clients with the URI. May block on
/// DNS.
Pool make_pool(const mongoc_uri_t* uri);

/// Like check_uri(), and also throws if no clients can be made with the URI: its TLS files cannot be read, or
/// its mongodb+srv name cannot be resolved. May block on DNS.
void try_uri(const std::string& uri);

/// The stream's URI, read from its `uri_file` if it has one. Throws Stop, with a message for the user, if the
/// URI cannot be read or parsed.
Uri uri_of(const StreamConfig& stream);

/// How long an operation waits for a suitable server: the URI's serverSelectionTimeoutMS, or our default.
std::chrono::milliseconds selection_timeout(const mongoc_uri_t* uri);

/// The URI's hosts as a list of host:port, or its mongodb+srv name; never the credentials.
std::string hosts_of(const mongoc_uri_t* uri);

}  // namespace sluice::mongo
