#include "sinks/aws/answers.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "sinks/aws/json.hpp"
#include "sinks/aws/xml.hpp"

namespace sluice::sinks::aws {

namespace {

constexpr unsigned status_ok = 200;
constexpr unsigned status_unauthorized = 401;
constexpr unsigned status_forbidden = 403;
constexpr unsigned status_too_large = 413;

bool contains_one_of(std::string_view text, std::initializer_list<std::string_view> parts) {
  return std::ranges::any_of(parts, [&](std::string_view part) { return text.find(part) != text.npos; });
}

/// The services spell these codes in different ways (Throttling, ThrottlingException, RequestThrottled...).
bool is_about_rights(std::string_view code) {
  return contains_one_of(
      code, {"AccessDenied", "ExpiredToken", "InvalidClientToken", "UnrecognizedClient",
             "SignatureDoesNotMatch", "InvalidSignature", "IncompleteSignature", "MissingAuthentication",
             "InvalidAccessKeyId", "AuthFailure", "NotAuthorized", "AuthorizationError", "InvalidSecurity",
             "OptInRequired", "RequestExpired", "InvalidAccountId"});
}

bool is_about_the_target(std::string_view code) {
  return contains_one_of(code, {"QueueDoesNotExist", "NonExistentQueue", "QueueDeletedRecently"}) ||
         code == "NotFound" || code == "NotFoundException" || code == "ResourceNotFoundException";
}

bool is_about_a_message(std::string_view code) {
  return contains_one_of(
      code, {"InvalidMessageContents", "BatchRequestTooLong", "InvalidParameter", "InvalidAttributeValue",
             "InvalidArgument", "MalformedDetail", "ValidationError", "ValidationException",
             "ParameterValueInvalid", "RequestEntityTooLarge"});
}

std::string_view without_namespace(std::string_view code) {
  if (const auto hash = code.rfind('#'); hash != code.npos) code.remove_prefix(hash + 1);
  return code.substr(0, code.find(':'));
}

/// No answer, or one that the service itself does not stand behind.
std::optional<Failure> no_answer(const http::Answer& answer) {
  if (answer.kind == http::Answer::Kind::answered) return std::nullopt;
  return Failure{Remedy::wait, "", answer.text};
}

Failure unreadable(const http::Answer& answer) {
  return {Remedy::wait, "", "the answer cannot be read: " + answer.body.substr(0, 200)};
}

/// A parameter that is not accepted may be the target's name or ARN, which is no message's fault.
Remedy with_message(Remedy remedy, std::string_view message) {
  const bool of_the_target =
      contains_one_of(message, {"TopicArn", "QueueUrl", "QueueName", "EventBusName", "eventBusName"});
  return remedy == Remedy::refuse && of_the_target ? Remedy::missing : remedy;
}

/// Only the first line, and not much of it. The lines behind it may quote the signed request, which contains
/// the session token.
std::string first_line(std::string_view message) {
  constexpr std::size_t most = 300;
  std::string line(message.substr(0, message.find_first_of("\r\n")));
  if (line.size() <= most) return line;
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80U)
    --end;  // not inside a character
  return line.substr(0, end) + "...";
}

Failure failure_of(const http::Answer& answer, std::string_view code, std::string_view message) {
  const std::string text = first_line(message.empty() ? std::string_view(answer.text) : message);
  return {with_message(remedy_of(answer.status, code), text), std::string(code),
          text.empty() ? "answered " + std::to_string(answer.status) : text};
}

/// Entries that the answer does not name.
std::vector<Failure> all_unnamed(std::size_t entries) {
  return std::vector<Failure>(entries, Failure{Remedy::wait, "", "the answer does not mention this entry"});
}

Failure* entry_of(std::vector<Failure>& entries, std::string_view id) {
  std::size_t index = entries.size();
  std::from_chars(id.data(), id.data() + id.size(), index);
  return index < entries.size() ? &entries[index] : nullptr;
}

Failure entry_failure(std::string_view code, std::string_view message, bool sender_fault) {
  return {with_message(remedy_of_entry(code, sender_fault), message), std::string(code),
          std::string(message)};
}

}  // namespace

Remedy remedy_of(unsigned status, std::string_view code) {
  if (status / 100 == 2) return Remedy::none;
  if (is_about_rights(code)) return Remedy::log_in;
  if (is_about_the_target(code)) return Remedy::missing;
  if (status >= 500) return Remedy::wait;
  if (status == status_too_large || is_about_a_message(code)) return Remedy::refuse;
  if (status == status_unauthorized || status == status_forbidden) return Remedy::log_in;
  return Remedy::wait;
}

Remedy remedy_of_entry(std::string_view code, bool sender_fault) {
  if (is_about_rights(code)) return Remedy::log_in;
  if (is_about_the_target(code)) return Remedy::missing;
  const bool of_the_service =
      contains_one_of(code, {"Throttl", "Internal", "Unavailable", "Kms", "KMS", "OverLimit", "Limit"});
  return !of_the_service && (sender_fault || is_about_a_message(code)) ? Remedy::refuse : Remedy::wait;
}

Failure json_failure(const http::Answer& answer) {
  if (auto none = no_answer(answer)) return *none;
  if (answer.status == status_ok) return {};
  const JsonAnswer parsed(answer.body);
  const bson::View root = parsed.root();
  const std::string_view message = root.at("message") ? root.at("message").text() : root.at("Message").text();
  return failure_of(answer, without_namespace(root.at("__type").text()), message);
}

Failure query_failure(const http::Answer& answer) {
  if (auto none = no_answer(answer)) return *none;
  if (answer.status == status_ok) return {};
  const auto root = parse_xml(answer.body);
  const XmlElement* error = root ? root->child("Error") : nullptr;
  if (error == nullptr) return failure_of(answer, "", "");
  return failure_of(answer, without_namespace(error->text_of("Code")), error->text_of("Message"));
}

BatchAnswer sqs_answer(const http::Answer& answer, std::size_t entries) {
  if (Failure failure = json_failure(answer)) return {std::move(failure)};
  const JsonAnswer parsed(answer.body);
  if (parsed.root().empty()) return {unreadable(answer)};
  BatchAnswer result{{}, all_unnamed(entries)};
  for (const bson::Element& one : parsed.root().at("Successful").document()) {
    if (Failure* entry = entry_of(result.entries, one.value.document().at("Id").text())) *entry = {};
  }
  for (const bson::Element& one : parsed.root().at("Failed").document()) {
    const bson::View failed = one.value.document();
    Failure* entry = entry_of(result.entries, failed.at("Id").text());
    if (entry == nullptr) continue;
    *entry = entry_failure(failed.at("Code").text(), failed.at("Message").text(),
                           failed.at("SenderFault").boolean());
  }
  return result;
}

BatchAnswer sns_answer(const http::Answer& answer, std::size_t entries) {
  if (Failure failure = query_failure(answer)) return {std::move(failure)};
  const auto root = parse_xml(answer.body);
  const XmlElement* all = root ? root->child("PublishBatchResult") : nullptr;
  if (all == nullptr) return {unreadable(answer)};
  BatchAnswer result{{}, all_unnamed(entries)};
  const auto each = [&](std::string_view list, const auto& set) {
    const XmlElement* members = all->child(list);
    if (members == nullptr) return;
    for (const XmlElement& member : members->children) {
      if (Failure* entry = entry_of(result.entries, member.text_of("Id"))) *entry = set(member);
    }
  };
  each("Successful", [](const XmlElement&) { return Failure{}; });
  each("Failed", [](const XmlElement& member) {
    const std::string_view fault = member.text_of("SenderFault");
    return entry_failure(member.text_of("Code"), member.text_of("Message"),
                         fault == "true" || fault == "True");
  });
  return result;
}

BatchAnswer event_bridge_answer(const http::Answer& answer, std::size_t entries) {
  if (Failure failure = json_failure(answer)) return {std::move(failure)};
  const JsonAnswer parsed(answer.body);
  if (parsed.root().empty()) return {unreadable(answer)};
  BatchAnswer result{{}, all_unnamed(entries)};
  std::size_t index = 0;
  for (const bson::Element& one : parsed.root().at("Entries").document()) {
    if (index == entries) break;
    const std::string_view code = one.value.document().at("ErrorCode").text();
    Failure& entry = result.entries[index++];
    if (code.empty()) {
      entry = one.value.document().at("EventId").text().empty() ? entry : Failure{};
    } else {
      entry = entry_failure(code, one.value.document().at("ErrorMessage").text(), false);
    }
  }
  return result;
}

}  // namespace sluice::sinks::aws
