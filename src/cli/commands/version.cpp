#define PCRE2_CODE_UNIT_WIDTH 8
#include "cli/commands/version.hpp"

#include <fmt/format.h>
#include <hiredis/hiredis.h>
#include <librdkafka/rdkafka.h>
#include <mongoc/mongoc.h>
#include <nats/nats.h>
#include <openssl/crypto.h>
#include <pcre2.h>
#include <spdlog/version.h>

#include <boost/version.hpp>

#include "observe/build_info.hpp"

namespace sluice::cli {

std::string version_text() {
  const observe::BuildInfo build = observe::build_info();
  std::string text =
      fmt::format("sluice {}\ncommit {}\ncompiler {}\n", build.version, build.commit, build.compiler);
  text += fmt::format(
      "libraries: libmongoc {}, libnats {}, librdkafka {}, hiredis {}.{}.{}, PCRE2 {}.{}, {}, Boost "
      "{}.{}.{}, spdlog "
      "{}.{}.{}\n",
      mongoc_get_version(), nats_GetVersion(), rd_kafka_version_str(), HIREDIS_MAJOR, HIREDIS_MINOR,
      HIREDIS_PATCH, PCRE2_MAJOR, PCRE2_MINOR, OpenSSL_version(OPENSSL_VERSION), BOOST_VERSION / 100000,
      BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100, SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH);
  return text;
}

}  // namespace sluice::cli
