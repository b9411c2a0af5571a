#pragma once

#include <algorithm>
#include <chrono>
#include <string>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include "sinks/http/endpoint.hpp"
#include "sinks/http/retry_after.hpp"

namespace sluice::sinks::http {

namespace beast = boost::beast;

/// Parses one HTTP answer. Keeps only the status, Retry-After, Location, the beginning of an error's body for
/// people, and as much of the body as the endpoint asks for.
class AnswerReader final : public beast::http::basic_parser<false> {
 public:
  using error_code = beast::error_code;

  static constexpr std::size_t most_body = 64 << 10;
  static constexpr std::size_t most_text = 300;

  /// `kept`: how many bytes of the body Answer::body receives.
  AnswerReader(Answer& answer, std::size_t kept) : answer_(answer), kept_(kept) { body_limit(most_body); }

  /// Whether this is a 1xx answer, so that the final answer is still to come.
  bool is_interim() const { return answer_.status / 100 == 1; }

 private:
  bool worth_a_text() const { return answer_.status / 100 != 2; }

  void keep(beast::string_view body) {
    const auto fits = body.substr(0, kept_ - std::min(kept_, answer_.body.size()));
    answer_.body.append(fits.data(), fits.size());
    if (!worth_a_text()) return;
    const std::size_t room = most_text - std::min(most_text, answer_.text.size());
    answer_.text += printable(body.substr(0, room));
  }

  static std::string printable(beast::string_view text) {
    std::string out(text);
    std::ranges::replace_if(
        out, [](unsigned char byte) { return byte < 0x20 || byte >= 0x7F; }, ' ');
    return out;
  }

  void on_request_impl(beast::http::verb, beast::string_view, beast::string_view, int, error_code&) override {
  }
  void on_response_impl(int code, beast::string_view, int, error_code&) override {
    answer_.status = static_cast<unsigned>(code);
  }
  void on_field_impl(beast::http::field name, beast::string_view, beast::string_view value,
                     error_code&) override {
    if (name == beast::http::field::location) answer_.location = printable(value.substr(0, most_text));
    if (name != beast::http::field::retry_after) return;
    answer_.retry_after = parse_retry_after({value.data(), value.size()}, std::chrono::system_clock::now());
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
  std::size_t on_body_impl(beast::string_view body, error_code&) override {
    keep(body);
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, error_code&) override {
    keep(body);
    return body.size();
  }
  void on_finish_impl(error_code&) override {}

  Answer& answer_;
  const std::size_t kept_;
};

}  // namespace sluice::sinks::http
