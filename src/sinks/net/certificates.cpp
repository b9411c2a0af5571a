#include "sinks/net/certificates.hpp"

#include <filesystem>

namespace sluice::sinks::net {

namespace {

std::string file_time(const std::string& file) {
  std::error_code ignored;
  return file.empty()
             ? ""
             : std::to_string(std::filesystem::last_write_time(file, ignored).time_since_epoch().count());
}

Error bad(const std::string& file, const error_code& why) {
  return {ErrorKind::fatal, why.value(), file + " cannot be used for TLS: " + why.message()};
}

}  // namespace

std::optional<Error> Certificates::refresh() {
  if (!files_.tls) return std::nullopt;
  const std::string times =
      file_time(files_.ca_file) + " " + file_time(files_.cert_file) + " " + file_time(files_.key_file);
  if (context_ && times == read_at_) return std::nullopt;
  read_at_ = times;
  auto fresh = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  if (auto error = read_into(*fresh)) return error;
  context_ = std::move(fresh);
  return std::nullopt;
}

std::optional<Error> Certificates::read_into(asio::ssl::context& context) const {
  error_code error;
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  if (files_.ca_file.empty()) {
    context.set_default_verify_paths(error);
    if (error) return bad("the system's store of authorities", error);
  } else if (context.load_verify_file(files_.ca_file, error); error) {
    return bad(files_.ca_file, error);
  }
  if (files_.cert_file.empty()) return std::nullopt;
  if (context.use_certificate_chain_file(files_.cert_file, error); error) return bad(files_.cert_file, error);
  const std::string& key = files_.key_file.empty() ? files_.cert_file : files_.key_file;
  if (context.use_private_key_file(key, asio::ssl::context::pem, error); error) return bad(key, error);
  return std::nullopt;
}

}  // namespace sluice::sinks::net
