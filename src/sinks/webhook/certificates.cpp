#include "sinks/webhook/certificates.hpp"

#include <filesystem>

namespace sluice::sinks::webhook {

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
  if (!config_.origin.tls) return std::nullopt;
  const std::string times =
      file_time(config_.ca_file) + " " + file_time(config_.cert_file) + " " + file_time(config_.key_file);
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
  if (config_.ca_file.empty()) {
    context.set_default_verify_paths(error);
    if (error) return bad("the system's store of authorities", error);
  } else if (context.load_verify_file(config_.ca_file, error); error) {
    return bad(config_.ca_file, error);
  }
  if (config_.cert_file.empty()) return std::nullopt;
  if (context.use_certificate_chain_file(config_.cert_file, error); error)
    return bad(config_.cert_file, error);
  const std::string& key = config_.key_file.empty() ? config_.cert_file : config_.key_file;
  if (context.use_private_key_file(key, asio::ssl::context::pem, error); error) return bad(key, error);
  return std::nullopt;
}

}  // namespace sluice::sinks::webhook
